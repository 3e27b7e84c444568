import { newSubmission, taskIdAt } from '../../contract/task-id.ts';

/** Tasks that exist from the start. They are the same in every run, so that a seed gives the same requests. */
export const KNOWN = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));
export const KNOWN_IDS = Array.from({ length: 40 }, (_, index) => taskIdAt(KNOWN, index));
