/** A target of the system, for a ratio of two measurements of one run or for a single figure. */
export interface Target {
  readonly suite: string;
  readonly measure: string;
  readonly unit: 'ratio' | 'ms' | '$' | '1/s' | 'MB' | 'KB';
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
}

export const TARGETS = {
  noopVsBullmq: {
    suite: 'peers',
    measure:
      'no-op tasks, batches of 1,000, submission to completion, against BullMQ (addBulk, concurrency 64)',
    unit: 'ratio',
    bound: { atLeast: 1 },
  },
  claimSettleVsBullmq: {
    suite: 'peers',
    measure: "claim and settle by batches of 500, against BullMQ's processing rate",
    unit: 'ratio',
    bound: { atLeast: 1.5 },
  },
  singleVsHealth: {
    suite: 'edge',
    measure: 'single submissions, requests/s against /health of the same worker',
    unit: 'ratio',
    bound: { atLeast: 0.35 },
  },
  cpu10VsPiscina: cpuTarget('10 ms', 'bare piscina', 0.95),
  cpu1VsPiscina: cpuTarget('1 ms', 'bare piscina', 0.85),
  cpu01VsPiscina: cpuTarget('0.1 ms', 'bare piscina', 0.5),
  cpu10VsBullmq: cpuTarget('10 ms', "BullMQ's sandboxed threads", 1.05),
  cpu1VsBullmq: cpuTarget('1 ms', "BullMQ's sandboxed threads", 1.3),
  cpu01VsBullmq: cpuTarget('0.1 ms', "BullMQ's sandboxed threads", 1.7),
  backlog: {
    suite: 'backlog',
    measure: 'claim latency with 1,000,000 waiting against 1,000 waiting',
    unit: 'ratio',
    bound: { atMost: 1.5 },
  },
  ledgerCallTime: {
    suite: 'ledger',
    measure: 'slowest call of the ledger, 1,000,000 tasks in one window',
    unit: 'ms',
    bound: { atMost: 50 },
  },
  ledgerCallHeap: {
    suite: 'ledger',
    measure: 'most heap that one call of the ledger allocates, 1,000,000 tasks in one window',
    unit: 'MB',
    bound: { atMost: 16 },
  },
  storage1Kb: {
    suite: 'ledger',
    measure: 'storage of a completed task in the ledger, payload of 1 KB',
    unit: 'KB',
    bound: { atMost: 1.8 },
  },
  storage200: {
    suite: 'ledger',
    measure: 'storage of a completed task in the ledger, payload of 200 bytes',
    unit: 'KB',
    bound: { atMost: 0.9 },
  },
  wakeP50: {
    suite: 'latency',
    measure: 'submit to claimed, woken idle runner, p50',
    unit: 'ms',
    bound: { atMost: 40 },
  },
  wakeP99: {
    suite: 'latency',
    measure: 'submit to claimed, woken idle runner, p99',
    unit: 'ms',
    bound: { atMost: 150 },
  },
  loopDelay: {
    suite: 'runner',
    measure: "event-loop delay of the runner's main thread under full CPU load, p99, resolution subtracted",
    unit: 'ms',
    bound: { atMost: 25 },
  },
  costSingles1Kb: {
    suite: 'cost',
    measure: 'a million tasks at list price, storage included, singles of 1 KB by the typed client',
    unit: '$',
    bound: { atMost: 13 },
  },
  costBatches1Kb: {
    suite: 'cost',
    measure:
      'a million tasks at list price, storage included, batches of 100, 1 KB each, by the typed client',
    unit: '$',
    bound: { atMost: 6.5 },
  },
  costSingles1KbVsSpec: {
    suite: 'cost',
    measure: "singles of 1 KB, storage included, against the specification's design",
    unit: 'ratio',
    bound: { atMost: 0.4 },
  },
  costBatches1KbVsSpec: {
    suite: 'cost',
    measure: "batches of 100, 1 KB each, storage included, against the specification's design",
    unit: 'ratio',
    bound: { atMost: 0.2 },
  },
  dashboardOpens: {
    suite: 'dashboard',
    measure: 'dashboard opened until its figures stand, 100,000 tasks in the ledger',
    unit: 'ms',
    bound: { atMost: 2000 },
  },
  dashboardClicks: {
    suite: 'dashboard',
    measure: 'from a click in the dashboard to the page it leads to, at 500 tasks/s',
    unit: 'ms',
    bound: { atMost: 200 },
  },
  dashboardUpdates: {
    suite: 'dashboard',
    measure: 'updates of an open dashboard a second, at 500 tasks/s',
    unit: '1/s',
    bound: { atMost: 1 },
  },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof TARGETS;

function cpuTarget(task: string, peer: string, atLeast: number) {
  const measure = `${task} CPU tasks on 2 threads, first claim to last settle, against ${peer}`;
  return { suite: 'runner', measure, unit: 'ratio', bound: { atLeast } } as const;
}

/** Whether a figure reaches a target. */
export function reaches({ bound }: Target, figure: number): boolean {
  return 'atLeast' in bound ? figure >= bound.atLeast : figure <= bound.atMost;
}
