import type { Suite } from './bench.ts';
import { backlogSuite } from './suites/backlog.ts';
import { costSuite } from './suites/cost.ts';
import { dashboardSuite } from './suites/dashboard.ts';
import { edgeSuite } from './suites/edge.ts';
import { latencySuite } from './suites/latency.ts';
import { ledgerSuite } from './suites/ledger.ts';
import { peersSuite } from './suites/peers.ts';
import { requestsSuite } from './suites/requests.ts';
import { runnerSuite } from './suites/runner.ts';
import { specSuite } from './suites/spec.ts';

/** The suites, in the order in which they run. */
export const SUITES: readonly Suite[] = [
  ledgerSuite,
  requestsSuite,
  edgeSuite,
  backlogSuite,
  latencySuite,
  runnerSuite,
  peersSuite,
  specSuite,
  costSuite,
  dashboardSuite,
];
