import { isTerminal } from '../../../../contract/task.ts';
import { windowOf } from '../../../../contract/task-id.ts';
import { slotsBetween } from '../../../../schedule/slots.ts';
import { MINUTE, SECOND, START } from '../../testing.ts';
import type { MakeLedger } from '../real.ts';
import { cancel, putSchedule } from './calls.ts';
import { Client } from './client.ts';
import { Clock } from './clock.ts';
import { Cron, RETENTION } from './cron.ts';
import { Host } from './host.ts';
import { Network } from './network.ts';
import { Random } from './random.ts';
import { Runner } from './runner.ts';
import type { Watch } from './watch/watch.ts';
import { type Fault, happens, Violation, type World } from './world.ts';

const TASKS = 40;
/** How long after the trouble the sweep has delivered all submissions, at the latest. */
const DELIVERED_AFTER_MS = 4 * MINUTE;
const TROUBLE_MS = 3 * MINUTE;
/** A task that kills each of its runners ends after 20 deliveries, at most five minutes apart. */
const MAX_WAIT_MS = 180 * MINUTE;

/** A schedule that plans a run each 20 seconds of the trouble. */
const SCHEDULE = 'every-20-seconds';
const SETTINGS = {
  type: 'email',
  payload: 'good',
  everySeconds: 20,
  startAt: new Date(START + MINUTE / 2).toISOString(),
  endAt: new Date(START + TROUBLE_MS - SECOND).toISOString(),
  overlap: 'queue',
  missed: 'all',
} as const;

export interface Outcome {
  seed: number;
  tasks: number;
  calls: number;
  virtualSeconds: number;
  faults: ReadonlyMap<Fault, number>;
  violation: Violation | null;
}

/**
 * Simulates the real ledger, runners, clients, a queue, a network and the cron job with one virtual clock and
 * one random number generator. After three minutes of faults, no faults happen until all tasks have ended. The
 * same seed produces the same run.
 *
 * The watch checks its rules all the time. At the end:
 *
 * - every accepted task has ended, and every planned time of the schedule has run;
 * - no task is held and no task waits for its time;
 * - every task was purged, and the archive has the final state of each.
 */
export function simulate(make: MakeLedger, seed: number, trace?: (line: string) => void): Outcome {
  const random = new Random(seed);
  const clock = new Clock(START);
  const seconds = () => ((clock.now - START) / SECOND).toFixed(3).padStart(8);
  const world: World = {
    ...{ clock, random, faults: new Map(), quiet: false, records: new Map(), failing: new Set() },
    readsAheadOnly: seed % 5 === 0,
    trace: trace ? (line) => trace(`${seconds()} ${line()}`) : () => {},
  };
  const host = new Host(world, make);
  const outcome = (violation: Violation | null): Outcome => ({
    ...{ seed, tasks: TASKS, calls: host.calls, faults: world.faults, violation },
    virtualSeconds: (clock.now - START) / SECOND,
  });
  try {
    run(world, host);
    return outcome(null);
  } catch (error) {
    if (error instanceof Violation) return outcome(error);
    throw error;
  } finally {
    host.close();
  }
}

function run(world: World, host: Host): void {
  const { clock, random, records } = world;
  const { watch } = host;
  const network = new Network(world, host);
  const cron = new Cron(world, network);
  for (let count = random.int(2, 4); count > 0; count -= 1) new Runner(`runner-${count}`, world, network);
  new Client(world, network).submit(TASKS, TROUBLE_MS / 3);
  cancelRuns(world, watch, network);
  while (!host.handle(putSchedule(SCHEDULE, SETTINGS))) clock.runUntil(() => false, clock.now + SECOND);
  clock.runUntil(() => false, START + TROUBLE_MS);

  world.quiet = true;
  world.trace(() => 'from here on no faults happen');
  const quietAt = clock.now;
  const accepted = () => [...records.values()].flatMap(({ tasks }) => tasks.map(({ id }) => id));
  const missing = () => accepted().filter((id) => !hasEnded(watch, id));
  const planned = slotsBetween(SETTINGS, START, START, clock.now, 1000);
  const missedRuns = () => watch.schedules.missing(SCHEDULE, planned);
  const isOnTime = () => watch.archive.checkOnTime(watch.tasks.values(), RETENTION, quietAt);
  clock.runUntil(() => false, quietAt + DELIVERED_AFTER_MS);
  checkDelivered(world, watch);
  const allEnded = everySecond(clock, () => {
    isOnTime();
    return missing().length === 0 && missedRuns().length === 0 && host.isIdle();
  });
  if (!clock.runUntil(allEnded, clock.now + MAX_WAIT_MS)) {
    const [id] = missing();
    const [run] = missedRuns();
    if (!id && run) throw new Violation('all run', `${SCHEDULE} did not run for ${run}`);
    throw new Violation('all end', id ? `${id} is ${watch.tasks.get(id)?.state}` : 'something is still held');
  }
  const allLeft = everySecond(clock, () => {
    isOnTime();
    return watch.tasks.size === 0;
  });
  if (!clock.runUntil(allLeft, clock.now + MAX_WAIT_MS)) {
    throw new Violation('on time', `${[...watch.tasks.keys()]} were not archived and purged`);
  }
  clock.runUntil(() => false, clock.now + MINUTE);
  checkArchive(watch, cron, accepted());
}

/** Cancels the latest run of the schedule now and then, also while it runs. */
function cancelRuns(world: World, watch: Watch, network: Network): void {
  const { clock, random } = world;
  clock.after(random.int(2000, 8000), () => {
    const id = watch.schedules.latest(SCHEDULE);
    if (id !== undefined && happens(world, 'task cancelled', 0.5)) network.send(cancel(id), () => {});
    if (!world.quiet) cancelRuns(world, watch, network);
  });
}

/** Calls `ask` at most once per virtual second. Returns false in between. */
function everySecond(clock: Clock, ask: () => boolean): () => boolean {
  let askedAt = 0;
  return () => {
    if (clock.now - askedAt < SECOND) return false;
    askedAt = clock.now;
    return ask();
  };
}

function hasEnded(watch: Watch, id: string): boolean {
  const task = watch.tasks.get(id);
  return task ? isTerminal(task.state) && task.holder === null : watch.purged.has(id);
}

/** Checks that failures of some submissions do not keep the others out of the ledger. */
function checkDelivered({ records, failing }: World, watch: Watch): void {
  const missing = [...records.values()]
    .filter(({ name }) => !failing.has(windowOf(name)))
    .flatMap(({ tasks }) => tasks.filter(({ id }) => !watch.tasks.has(id) && !watch.purged.has(id)));
  const [task] = missing;
  if (task) throw new Violation('on time', `${task.id} was accepted and is not in the ledger`);
}

function checkArchive(watch: Watch, cron: Cron, accepted: readonly string[]): void {
  for (const id of accepted) {
    const states = cron.archived(windowOf(id)).flatMap((row) => (row.id === id ? row.state : []));
    const ended = watch.purged.get(id);
    if (states.length !== 1 || states[0] !== ended) {
      throw new Violation('one outcome', `${id} ended ${ended}, the archive has [${states}]`);
    }
  }
}
