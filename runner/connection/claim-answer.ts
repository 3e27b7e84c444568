import { z } from 'zod';
import { Claim, ClaimedTask } from '../../edge/contract/buffer.ts';
import type { GrantedTask } from '../held-task.ts';
import { splitClaim } from './claim-text.ts';

const Rest = Claim.extend({ tasks: z.array(ClaimedTask.omit({ payload: true })) });

/** The answer to a claim. The payloads of its tasks are JSON text. */
export type ClaimAnswer = Omit<Claim, 'tasks'> & { readonly tasks: readonly GrantedTask[] };

/** Reads the answer to a claim. Returns undefined if it is not one. The payloads are not checked. */
export function readClaim(body: Uint8Array): ClaimAnswer | undefined {
  try {
    const { rest, payloads } = splitClaim(body);
    const { tasks, ...claim } = Rest.parse(JSON.parse(rest));
    return { ...claim, tasks: tasks.map((task, index) => ({ ...task, payloadText: payloads[index] })) };
  } catch {
    return undefined;
  }
}
