import fc from 'fast-check';
import type { LeaseBeat, NewTask, SettleReport } from '../../../contract/ledger.ts';
import type { PerType } from '../../../contract/per-type.ts';
import type { TaskState } from '../../../contract/task.ts';
import { windowEnd } from '../../../contract/task-id.ts';
import type { Calls } from './calls.ts';
import { Model } from './model/model.ts';
import { compare, fromEnd, type MakeLedger, Real, same, sorted, text } from './real.ts';

/**
 * The calls that a property makes at random, each to the ledger and to the model. After every one of them:
 *
 * - the two gave the same answer;
 * - they find the same of every task that was ever named, and list the same;
 * - the same lease holds the same task, and the same leases are open until the same time;
 * - they would wake at the same time, and claim in the same order.
 *
 * Commands name what exists by its place from the end, so that they still mean something when others before
 * them are taken away. Chance is constant within a call: what it is used for in which order is nobody's
 * business.
 */
export type Command = fc.Command<Model, Real>;

/** A command of a name and arguments. */
function command(name: string, args: unknown, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run(model, real) {
      run(model, real);
      compare(model, real);
    },
    toString: () => `${name}(${text(args) ?? ''})`,
  };
}

/** Makes the same call to both and compares the answers. */
function both(model: Model, real: Real, call: (calls: Calls) => unknown): void {
  same('answer', call(real.ledger), call(model));
}

/** Mostly what is recent, now and then anything. */
const place = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.nat({ max: 19 }) },
);
const maybe = <Value>(...values: Value[]) => fc.constantFrom(undefined, ...values);
const often = (probability: number) => fc.nat({ max: 99 }).map((n) => n < 100 * probability);
const type = fc.constantFrom('a', 'b', 'c');

const taskSpec = fc.record({
  type,
  priority: fc.constantFrom(0, 0, 0, -1, 5),
  ageMs: fc.constantFrom(0, 0, 0, 1000, 70_000),
  delayMs: maybe(undefined, undefined, undefined, -5000, 0, 1, 1000, 20_000, 120_000),
  maxAttempts: maybe(1, 2, 4, 12),
  backoff: maybe({ baseSeconds: 0 }, { baseSeconds: 10, capSeconds: 15 }, { capSeconds: 2 }),
  timeoutSeconds: maybe(10, 400),
  tags: maybe(['x', 'y']),
  repeats: fc.option(place, { freq: 6 }),
});

const insert = fc.array(taskSpec, { minLength: 1, maxLength: 4 }).map((specs) =>
  command('insert', specs, (model, real) => {
    const tasks = specs.map(({ ageMs, delayMs, repeats, ...spec }): NewTask => {
      const known = repeats === null ? undefined : fromEnd(real.taskIds, repeats);
      const runAt = delayMs === undefined ? undefined : real.now + delayMs;
      return { ...spec, id: known ?? real.newTaskId(ageMs), runAt, payload: `{"of":"${spec.type}"}` };
    });
    // A submission that is delivered twice in one call is the same both times.
    const asFirst = tasks.flatMap((task) => tasks.find(({ id }) => id === task.id) ?? []);
    real.ledger.insert(asFirst);
    model.insert(asFirst);
  }),
);

const insertFailed = fc.option(place).map((repeats) =>
  command('insertFailed', repeats, (model, real) => {
    const id = (repeats === null ? undefined : fromEnd(real.taskIds, repeats)) ?? real.newTaskId(0);
    both(model, real, (calls) =>
      calls.insertFailed({ id, type: 'a', payload: '{}', reason: 'No such field' }),
    );
  }),
);

const wants = fc.constantFrom<string[][]>(
  [['a', 'b', 'c']],
  [['c', 'b', 'a']],
  [['a'], ['b', 'c']],
  [['b', 'a'], ['c']],
  [['a']],
  [['b', 'nothing']],
);

const claim = fc
  .record({
    repeats: fc.option(place, { freq: 4 }),
    wants,
    limit: fc.constantFrom(1, 2, 10),
    starts: maybe(undefined, 0, 1, 2),
    ahead: maybe({ a: 1 }, { a: 2, b: 1 }, { c: 9, b: 9 }, { a: 9, b: 9, c: 9 }),
    leaseSeconds: fc.constantFrom(30, 30, 5, 0.0005),
  })
  .map((args) =>
    command('claim', args, (model, real) => {
      const known = args.repeats === null ? undefined : fromEnd(real.leaseIds, args.repeats);
      const leaseId = known ?? real.newLeaseId();
      const order = {
        leaseId,
        runner: `runner of ${leaseId}`,
        leaseSeconds: args.leaseSeconds,
        wants: args.wants.map((types) => ({
          types,
          limit: args.limit,
          starts: args.starts,
          ahead: args.ahead,
        })),
      };
      const grant = real.ledger.claim(order);
      same('answer', grant, model.claim(order));
      real.grants.push(...grant.tasks.map(({ id }) => ({ taskId: id, leaseId })));
    }),
  );

const claimOne = place.map((task) =>
  command('claimOne', task, (model, real) => {
    const grant = real.ledger.claimOne(real.taskId(task));
    const expected = model.claimOne(real.taskId(task));
    same('answer', withoutLease(grant), withoutLease(expected));
  }),
);

const withoutLease = (answer: object) => ({ ...answer, leaseId: 'the ledger’s own' });

/** Names all that a lease was granted, or part of it, or nothing, or what is another's. */
const beat = fc.record({
  lease: place,
  skips: fc.constantFrom(0, 0, 0, 0, 1, 2, 0b101, ~0),
  foreign: fc.option(place, { freq: 8 }),
  /** Which of what is named have started. */
  started: maybe(undefined, 0, 1, 2, ~0),
  progress: maybe('1', '{"step":2}', 'null'),
});

/** The items whose place among the first 32 has its bit set. */
function pickBits<Item>(items: readonly Item[], bits: number): Item[] {
  return items.filter((_, index) => (bits & (1 << index)) !== 0);
}

const heartbeat = fc.array(beat, { minLength: 1, maxLength: 3 }).map((beats) =>
  command('heartbeat', beats, (model, real) => {
    const leases = beats.map(({ lease, skips, foreign, started, progress }): LeaseBeat => {
      const leaseId = real.grantedLease(lease);
      const own = pickBits(real.granted(leaseId), ~skips);
      const holds = [...new Set([...own, ...(foreign === null ? [] : [real.taskId(foreign)])])];
      const beat: LeaseBeat = { leaseId, holds };
      if (started !== undefined) beat.started = pickBits(real.granted(leaseId), started);
      if (progress !== undefined) beat.progress = holds.map((taskId) => ({ taskId, value: progress }));
      return beat;
    });
    both(model, real, (calls) => sorted(calls.heartbeat(leases)));
  }),
);

const success = fc.record({
  success: fc.constant(true),
  result: maybe('1', '"x"', 'null'),
  retry: fc.constant(undefined),
});
const failure = fc.record({
  success: fc.constant(false),
  error: fc.constantFrom(
    undefined,
    { code: 'broken', message: 'It broke' },
    { code: 'broken', message: 'It broke', retryable: true },
    { code: 'invalid', message: 'It is wrong', retryable: false },
  ),
  retry: maybe({}, { maxAttempts: 1 }, { maxAttempts: 5, backoff: { baseSeconds: 3 } }),
});

const report = fc.record({
  grant: place,
  otherLease: fc.option(place, { freq: 5 }),
  outcome: fc.oneof(success, failure),
});

const settle = fc.array(report, { minLength: 1, maxLength: 3 }).map((reports) =>
  command('settle', reports, (model, real) => {
    const settled = reports.map(({ grant: at, otherLease, outcome }): SettleReport => {
      const { grants } = real;
      const grant = grants[grants.length - 1 - (at % grants.length)];
      const taskId = grant?.taskId ?? real.taskId(at);
      const leaseId = otherLease === null && grant ? grant.leaseId : real.leaseId(otherLease ?? at);
      return { taskId, leaseId, ...outcome };
    });
    both(model, real, (calls) => calls.settle(settled));
  }),
);

const settleUnfenced = fc.tuple(place, fc.oneof(success, failure)).map(([task, { retry: _, ...outcome }]) =>
  command('settleUnfenced', { task, outcome }, (model, real) => {
    both(model, real, (calls) => calls.settleUnfenced({ taskId: real.taskId(task), ...outcome }));
  }),
);

const release = fc
  .record({ lease: place, skips: fc.constantFrom(0, 0, 1, 2), delayMs: fc.constantFrom(0, 0, 5000) })
  .map((args) =>
    command('release', args, (model, real) => {
      const leaseId = real.grantedLease(args.lease);
      const ids = pickBits(real.granted(leaseId), ~args.skips);
      both(model, real, (calls) => sorted(calls.release(leaseId, ids, args.delayMs)));
    }),
  );

/** A runner gives up a claim: one that was granted something, one that ended, or one that may arrive yet. */
const releaseLease = fc.tuple(place, fc.constantFrom('granted', 'granted', 'any', 'new')).map(([at, which]) =>
  command('releaseLease', { at, which }, (model, real) => {
    const leaseIds = { granted: real.grantedLease(at), any: real.leaseId(at) };
    const leaseId = which === 'new' ? real.newLeaseId() : leaseIds[which];
    both(model, real, (calls) => sorted(calls.releaseLease(leaseId)));
  }),
);

/** Runners are given tasks, one after the other, and go before they report a start. */
const loseDeliveries = fc
  .record({ times: fc.constantFrom(1, 2, 3, 9, 10, 18, 19, 20, 21), drops: often(0.3) })
  .map((args) =>
    command('loseDeliveries', args, (model, real) => {
      for (let time = 0; time < args.times; time += 1) {
        const leaseId = real.newLeaseId();
        const ahead = { a: 2, b: 2, c: 2 };
        const wants = [{ types: ['a', 'b', 'c'], limit: 3, starts: 0, ahead }];
        both(model, real, (calls) =>
          calls.claim({ leaseId, runner: `runner of ${leaseId}`, leaseSeconds: 5, wants }),
        );
        if (!args.drops) real.now += 5000;
        both(model, real, (calls) =>
          args.drops ? sorted(calls.heartbeat([{ leaseId, holds: [] }])) : calls.tick(),
        );
        if (time < args.times - 1) real.now += Math.min(300, 2 ** time) * 1000;
      }
    }),
  );

/** A command about one task: mostly the one of a recent grant, which may be running. */
const onTask = (name: 'cancel' | 'retry') =>
  fc.tuple(place, often(0.7)).map(([at, granted]) =>
    command(name, { at, granted }, (model, real) => {
      const { grants } = real;
      const grant = granted ? grants[grants.length - 1 - (at % grants.length)] : undefined;
      both(model, real, (calls) => calls[name](grant?.taskId ?? real.taskId(at)));
    }),
  );

const cancel = onTask('cancel');
const retry = onTask('retry');

const retryMany = fc
  .record({
    state: fc.constantFrom('failed', 'cancelled'),
    type: fc.option(type, { nil: undefined }),
    sinceMs: fc.constantFrom(1000, 60_000, 10 ** 9),
    limit: fc.constantFrom(1, 2, 10),
    cursor: fc.option(place, { nil: undefined, freq: 4 }),
  })
  .map(({ sinceMs, cursor, ...args }) =>
    command('retryMany', { sinceMs, cursor, ...args }, (model, real) => {
      const filter = {
        ...args,
        since: real.now - sinceMs,
        cursor: cursor === undefined ? undefined : real.taskId(cursor),
      };
      both(model, real, (calls) => sorted(calls.retryMany(filter)));
    }),
  );

const cancelMany = fc
  .record({
    states: maybe<TaskState[]>(['scheduled', 'ready'], ['leased']),
    type: fc.option(type, { nil: undefined }),
    tag: maybe('x', 'z'),
    from: fc.option(place, { nil: undefined, freq: 4 }),
    before: fc.option(place, { nil: undefined, freq: 4 }),
    limit: fc.constantFrom(1, 2),
  })
  .map(({ from, before, ...args }) =>
    command('cancelMany', { from, before, ...args }, (model, real) => {
      const filter = {
        ...args,
        from: from === undefined ? undefined : real.taskId(from),
        before: before === undefined ? undefined : real.taskId(before),
      };
      both(model, real, (calls) => calls.cancelMany(filter));
    }),
  );

const pausing = fc
  .tuple(fc.constantFrom('pause', 'resume', 'resume'), type)
  .map(([name, type]) =>
    command(name, type, (model, real) => both(model, real, (calls) => calls[name](type))),
  );

const retention = fc.constantFrom<PerType>(
  { default: 0, types: {} },
  { default: 60_000, types: {} },
  { default: 60_000, types: { b: 0, c: 3_600_000 } },
);

const archiving = fc
  .record({
    call: fc.constantFrom('seal', 'seal', 'archivePage', 'markArchived', 'purge'),
    window: place,
    retention,
    round: fc.constantFrom(0, 0, 1),
    end: fc.record({ tasks: fc.nat({ max: 1 }), upTo: fc.option(place, { nil: null }) }),
  })
  .map((args) =>
    command('archiving', args, (model, real) => {
      const window = real.window(args.window);
      const upTo = args.end.upTo === null ? null : real.taskId(args.end.upTo);
      both(model, real, (calls) => {
        switch (args.call) {
          case 'seal':
            return calls.seal(window, args.retention);
          case 'archivePage':
            return calls.archivePage(window, args.round, '', 10 ** 6);
          case 'markArchived':
            return calls.markArchived(window, args.round, { ...args.end, upTo });
          case 'purge':
            return calls.purge(window);
        }
      });
    }),
  );

/** All steps of an archive round, so that rows are purged now and then. Meanwhile tasks end, or are dropped. */
const archive = fc
  .record({
    window: place,
    kept: retention,
    offset: fc.constantFrom(-1, 0, 0),
    splits: often(0.2),
    cancelled: fc.option(place),
    dropped: fc.option(place),
  })
  .map((args) =>
    command('archive', args, (model, real) => {
      const { kept, offset, cancelled, dropped } = args;
      const window = real.window(args.window);
      real.now = Math.max(real.now, windowEnd(window) + 120_000);
      both(model, real, (calls) => calls.seal(window, kept));
      if (cancelled !== null) both(model, real, (calls) => calls.cancel(real.taskId(cancelled)));
      if (dropped !== null) {
        const leaseId = real.grantedLease(dropped);
        both(model, real, (calls) => sorted(calls.releaseLease(leaseId)));
      }
      const round = model.openSeals(1000).find((seal) => seal.window === window)?.round ?? 0;
      both(model, real, (calls) => calls.archivePage(window, round, '', 10 ** 6));
      const ids = (model.archivePage(window, round)?.tasks ?? []).map((task) => task.id);
      const upTo = args.splits ? (ids[0] ?? null) : null;
      both(model, real, (calls) => calls.markArchived(window, round, { tasks: ids.length, upTo }));
      real.now += 300_000 + offset;
      both(model, real, (calls) => calls.purge(window));
    }),
  );

/** A step of the archive fails for a window, or a sweep for a submission; or that is over. */
const failing = fc
  .tuple(fc.constantFrom('noteFailure', 'noteFailure', 'clearFailure'), often(0.5), place)
  .map(([name, isSweep, at]) =>
    command(name, { isSweep, at }, (model, real) => {
      const submission = real.taskId(at).slice(0, -4);
      both(model, real, (calls) =>
        isSweep ? calls[name]('sweep', submission) : calls[name]('archive', real.window(at)),
      );
    }),
  );

const chance = fc.constantFrom(0, 0.25, 0.5, 0.999_999);

const pass = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: 5000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 5000, max: 40_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(120_000, 300_000, 600_000, 3_600_000, 86_400_000) },
    ),
    chance,
  )
  .map(([ms, next]) =>
    command('pass', { ms, chance: next }, (_, real) => {
      real.now += ms;
      real.chance = next;
    }),
  );

/** To just before, at, or just after what time brings next. */
const passToTick = fc.tuple(fc.constantFrom(-1, 0, 0, 1), chance).map(([offset, next]) =>
  command('passToTick', { offset, chance: next }, (model, real) => {
    real.now = Math.max(real.now, (model.nextTickAt() ?? real.now) + offset);
    real.chance = next;
  }),
);

const tick = fc.constant(
  command('tick', undefined, (model, real) => both(model, real, (calls) => calls.tick())),
);

const restart = fc.constant(
  command('restart', undefined, (model, real) => {
    real.restart();
    model.restart();
  }),
);

const weighted: [number, fc.Arbitrary<Command>][] = [
  [12, insert],
  [1, insertFailed],
  [8, claim],
  [1, claimOne],
  [5, heartbeat],
  [6, settle],
  [1, settleUnfenced],
  [3, release],
  [2, releaseLease],
  [1, loseDeliveries],
  [4, cancel],
  [4, retry],
  [1, retryMany],
  [1, cancelMany],
  [2, pausing],
  [2, archiving],
  [2, archive],
  [1, failing],
  [4, pass],
  [4, passToTick],
  [2, tick],
  [1, restart],
];

const anyCommand = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Sequences of commands; `replayPath` is part of what a failure tells of its sequence. */
export function commands(replayPath?: string) {
  const size = { maxCommands: 60, size: '+1' } as const;
  return fc.commands([anyCommand], replayPath === undefined ? size : { ...size, replayPath });
}

/** Runs a sequence on a fresh ledger and a fresh model. */
export function runBoth(sequence: Iterable<Command>, make: MakeLedger): void {
  const real = new Real(make);
  try {
    fc.modelRun(() => ({ model: new Model(real.sources), real }), sequence);
  } finally {
    real.close();
  }
}
