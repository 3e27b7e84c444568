import { after, before } from 'node:test';
import { TestEdge, type Vars, type Workers, workersWith } from './harness.ts';

/** The variables of an edge that asks for no token. */
export const OPEN: Vars = { AUTH: 'off' };

/** An edge of its own for the tests of the file or suite that asks for it; it starts and ends with them. */
export function ownEdge(workers: Workers): TestEdge {
  const edge = new TestEdge(workers);
  before(() => edge.listen());
  after(() => edge.close());
  return edge;
}

let open: TestEdge | undefined;
/**
 * The edge without tokens that test files of a process share, to be asked for outside of any suite. A file
 * has task types of its own, leaves nothing ready that is in another's way, and asks for no empty ledger.
 */
export function openEdge(): TestEdge {
  open ??= ownEdge(workersWith(OPEN));
  return open;
}

/** The tokens of {@link guardedEdge}: each scope has an old one beside the one in use. */
export const TOKENS = { client: 'client-token', runner: 'runner-token' } as const;
export const OLD_TOKENS = { client: 'client-old', runner: 'runner-old' } as const;
export const GUARDED = {
  API_TOKENS: `${TOKENS.client}, ${OLD_TOKENS.client}`,
  RUNNER_TOKENS: `${TOKENS.runner},${OLD_TOKENS.runner}`,
};

let guarded: TestEdge | undefined;
/** As {@link openEdge}, with tokens of both scopes. */
export function guardedEdge(): TestEdge {
  guarded ??= ownEdge(workersWith(GUARDED));
  return guarded;
}

const ARCHIVING: Vars = {
  ...OPEN,
  RETENTION_HOURS: '1, type-kept=100',
  ARCHIVE_DAYS: '30, type-short=1, type-long=60',
  SWEEP_AFTER_SECONDS: '0',
  FULL_BYTES: '30000000',
};

let archiving: TestEdge | undefined;
/**
 * As {@link openEdge}, for tests that run the cron job: a task may be archived an hour after its end, and the
 * sweep leaves nothing to the queue.
 */
export function archivingEdge(): TestEdge {
  archiving ??= ownEdge(workersWith(ARCHIVING));
  return archiving;
}
