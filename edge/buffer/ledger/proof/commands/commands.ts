import fc from 'fast-check';
import { Model } from '../model/model.ts';
import { type MakeLedger, Real } from '../real.ts';
import { archive, archiving, failing } from './archive.ts';
import { cancel, cancelMany, pausing, retry, retryMany } from './changes.ts';
import { claim, claimOne, loseDeliveries } from './claims.ts';
import type { Command } from './command.ts';
import { heartbeat } from './heartbeats.ts';
import { insert, insertFailed } from './inserts.ts';
import { release, releaseLease } from './releases.ts';
import { settle, settleUnfenced } from './reports.ts';
import { backfillSchedule, changeSchedule, putSchedule, runSchedule } from './schedules.ts';
import { pass, passToTick, restart, tick } from './time.ts';

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
  [2, putSchedule],
  [1, changeSchedule],
  [1, runSchedule],
  [1, backfillSchedule],
  [4, pass],
  [4, passToTick],
  [2, tick],
  [1, restart],
];

const anyCommand = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Sequences of commands. A failure message contains the `replayPath` of its sequence. */
export function commands(replayPath?: string) {
  const size = { maxCommands: 60, size: '+1' } as const;
  return fc.commands([anyCommand], replayPath === undefined ? size : { ...size, replayPath });
}

/** Runs a sequence on a new ledger and a new model. */
export function runBoth(sequence: Iterable<Command>, make: MakeLedger): void {
  const real = new Real(make);
  try {
    fc.modelRun(() => ({ model: new Model(real.sources), real }), sequence);
  } finally {
    real.close();
  }
}
