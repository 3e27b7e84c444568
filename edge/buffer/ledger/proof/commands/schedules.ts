import fc from 'fast-check';
import type { ScheduleSettings } from '../../../../contract/schedule.ts';
import { both, command, type } from './command.ts';

const name = fc.constantFrom('s', 't');

const settings: fc.Arbitrary<ScheduleSettings> = fc
  .record({
    type,
    times: fc.constantFrom(
      { everySeconds: 600 },
      { everySeconds: 5400 },
      { cron: '0 */6 * * *' },
      { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
      { everySeconds: 1200, endAt: '2026-01-01T18:00:00Z' },
    ),
    overlap: fc.constantFrom('skip', 'queue', 'queue', 'cancel', 'allow'),
    missed: fc.constantFrom(undefined, 'one', 'skip', 'all'),
    missedWithinSeconds: fc.constantFrom(undefined, 3600),
    jitterSeconds: fc.constantFrom(undefined, undefined, 30),
  } as const)
  .map(({ times, ...rest }) => ({ ...rest, ...times }));

export const putSchedule = fc
  .tuple(name, settings)
  .map(([of, given]) =>
    command('putSchedule', [of, given], (model, real) =>
      both(model, real, ({ schedules }) => schedules.put(of, JSON.stringify(given), null)),
    ),
  );

export const changeSchedule = fc
  .tuple(fc.constantFrom('pause', 'resume', 'resume', 'delete'), name)
  .map(([call, of]) =>
    command(`${call} schedule`, of, (model, real) =>
      both(model, real, ({ schedules }) => schedules[call](of)),
    ),
  );

export const runSchedule = name.map((of) =>
  command('runSchedule', of, (model, real) =>
    both(model, real, ({ schedules }) => schedules.run(of, real.now, `key-${real.now}`)),
  ),
);

export const backfillSchedule = fc
  .tuple(name, fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 3 }))
  .map(([of, ages]) =>
    command('backfillSchedule', [of, ages], (model, real) => {
      const hour = 3_600_000;
      const times = [...new Set(ages)].map((age) => Math.floor(real.now / hour) * hour - age * hour);
      both(model, real, ({ schedules }) => schedules.backfill(of, times, real.now));
    }),
  );
