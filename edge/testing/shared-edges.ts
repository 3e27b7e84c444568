import { after, before } from 'node:test';
import { TestEdge, type Vars, type Workers, workersWith } from './harness.ts';

/** The variables of an edge that requires no token. */
export const OPEN: Vars = { AUTH: 'off' };

/** A separate edge for the tests of the file or suite that calls this. It starts and ends with them. */
export function ownEdge(workers: Workers): TestEdge {
  const edge = new TestEdge(workers);
  before(() => edge.listen());
  after(() => edge.close());
  return edge;
}

let open: TestEdge | undefined;
/**
 * The edge without tokens that the test files of a process share. Call this outside of any suite. A file uses its
 * own task types, leaves no ready task that could disturb another file, and does not expect an empty ledger.
 */
export function openEdge(): TestEdge {
  open ??= ownEdge(workersWith(OPEN));
  return open;
}

/** The tokens of {@link guardedEdge}. Each scope has an old one in addition to the current one. */
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
 * As {@link openEdge}, for tests that run the cron job. Tasks are archived one hour after their end, and the sweep
 * delivers submissions at once.
 */
export function archivingEdge(): TestEdge {
  archiving ??= ownEdge(workersWith(ARCHIVING));
  return archiving;
}
