import { signal } from '@preact/signals';
import { TaskQueue, TaskQueueError } from '../../../../client/client.ts';

/**
 * Whether this page may call the worker.
 *
 * - `checking`: the page waits for the first answer.
 * - `open`: it may. It has no token if the worker requires none.
 * - `signed-out`: the worker requires a token. `reason` explains why it refused the last one.
 * - `unconfigured`: the worker itself has no tokens yet.
 */
export type Session =
  | { readonly state: 'checking' }
  | { readonly state: 'open'; readonly hasToken: boolean }
  | { readonly state: 'signed-out'; readonly reason?: string }
  | { readonly state: 'unconfigured'; readonly reason: string };

const KEY = 'token';

export const session = signal<Session>({ state: 'checking' });

let token = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? undefined;
let queue = open();

function open(): TaskQueue {
  return new TaskQueue({ url: location.origin, ...(token !== undefined && { token }) });
}

/**
 * Calls the worker. If the worker refuses the token, the page is signed out and the call rejects.
 *
 * @throws {TaskQueueError}
 */
export async function ask<Answer>(call: (queue: TaskQueue) => Promise<Answer>): Promise<Answer> {
  const asked = queue;
  try {
    const answer = await call(asked);
    if (session.value.state === 'checking' && asked === queue) admit();
    return answer;
  } catch (error) {
    if (asked === queue) noteRefusal(error);
    throw error;
  }
}

/** The current client, for uses other than a single call. */
export function currentQueue(): TaskQueue {
  return queue;
}

/**
 * Tries a token, and stores it if it is valid: for this tab, or permanently.
 *
 * @throws {TaskQueueError} if the worker refuses the token or does not answer.
 */
export async function signIn(given: string, keep: boolean): Promise<void> {
  const tried = new TaskQueue({ url: location.origin, token: given });
  await tried.ticket();
  forget();
  (keep ? localStorage : sessionStorage).setItem(KEY, given);
  token = given;
  queue = tried;
  admit();
}

export function signOut(reason?: string): void {
  forget();
  token = undefined;
  queue = open();
  session.value = { state: 'signed-out', ...(reason !== undefined && { reason }) };
}

/** Checks again whether the worker is configured. */
export function checkAgain(): void {
  session.value = { state: 'checking' };
}

/** Updates the session if an error is a refusal. */
export function noteRefusal(error: unknown): void {
  if (!(error instanceof TaskQueueError)) return;
  if (error.code === 'unauthorized') signOut(token === undefined ? undefined : error.message);
  else if (error.code === 'forbidden') signOut(error.message);
  else if (error.code === 'not_configured') {
    session.value = { state: 'unconfigured', reason: error.message };
  }
}

function admit(): void {
  session.value = { state: 'open', hasToken: token !== undefined };
}

function forget(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}
