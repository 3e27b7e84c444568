import type { Suite } from './bench.ts';
import { edgeSuite } from './suites/edge.ts';
import { latencySuite } from './suites/latency.ts';
import { runnerSuite } from './suites/runner.ts';

/** In the order in which they run. */
export const SUITES: readonly Suite[] = [edgeSuite, latencySuite, runnerSuite];
