import { z } from 'zod';
import { Claim, ClaimedTask } from '../../edge/contract/buffer.ts';
import type { GrantedTask } from '../held-task.ts';
import { splitClaim } from './claim-text.ts';

const Rest = Claim.extend({ tasks: z.array(ClaimedTask.omit({ payload: true })) });

/** What a claim is answered; the payloads of its tasks are JSON text. */
export type ClaimAnswer = Omit<Claim, 'tasks'> & { readonly tasks: readonly GrantedTask[] };

/** Reads the answer to a claim; undefined where it is none. What the payloads hold is not looked at. */
export function readClaim(body: Uint8Array): ClaimAnswer | undefined {
  try {
    const { rest, payloads } = splitClaim(body);
    const { tasks, ...claim } = Rest.parse(JSON.parse(rest));
    return { ...claim, tasks: tasks.map((task, index) => ({ ...task, payloadText: payloads[index] })) };
  } catch {
    return undefined;
  }
}
