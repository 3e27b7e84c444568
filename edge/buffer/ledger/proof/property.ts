import { AssertionError } from 'node:assert';
import fc from 'fast-check';
import type { Command } from './commands/command.ts';
import { commands, runBoth } from './commands/commands.ts';
import type { MakeLedger } from './real.ts';

/** The sequence to replay: the values that {@link describeFailure} printed for an earlier run. */
export interface Replay {
  seed?: number | undefined;
  /** The position of the sequence in the run, and which of its commands had run. */
  path?: string | undefined;
}

export interface ModelRun {
  runs: number;
  commands: number;
  /** Null if the ledger and the model always agreed. */
  failure: { seed: number; path: string; sequence: string[]; message: string } | null;
}

/**
 * Whether random sequences find a difference between the ledger and the model. Does not shorten the sequence. Any
 * other error is thrown.
 */
export function differsFromModel(make: MakeLedger, numRuns: number, seed: number): boolean {
  const property = fc.property(commands(), (sequence) => runBoth(sequence, make));
  const { failed, errorInstance } = fc.check(property, { numRuns, seed, endOnFailure: true });
  if (failed && !(errorInstance instanceof AssertionError)) throw errorInstance;
  return failed;
}

/** Runs random sequences on the ledger and the model until they differ, then shortens the failing sequence. */
export function checkAgainstModel(make: MakeLedger, numRuns: number, { seed, path }: Replay = {}): ModelRun {
  const [at, ...rest] = path?.split('/') ?? [];
  const replayPath = path === undefined ? undefined : rest.join('/');
  let count = 0;
  const property = fc.property(commands(replayPath), (sequence) => {
    runBoth(
      counting(sequence, () => count++),
      make,
    );
  });
  const details = fc.check(property, {
    numRuns,
    ...(seed === undefined ? {} : { seed }),
    ...(at ? { path: at, endOnFailure: true } : {}),
  });
  if (!details.failed) return { runs: details.numRuns, commands: count, failure: null };
  const [sequence] = details.counterexample ?? [];
  const shown = String(sequence);
  const message = details.errorInstance instanceof Error ? details.errorInstance.message : 'no reason';
  return {
    runs: details.numRuns,
    commands: count,
    failure: {
      seed: details.seed,
      path: `${details.counterexamplePath}/${replayPathOf(shown)}`,
      sequence: [...(sequence ?? [])].map(String),
      message,
    },
  };
}

function* counting(sequence: Iterable<Command>, tick: () => void): Generator<Command> {
  for (const command of sequence) {
    tick();
    yield command;
  }
}

/** fast-check prints the replay path of a sequence as a comment after it. */
function replayPathOf(shown: string): string {
  return /replayPath="([^"]*)"/.exec(shown)?.[1] ?? '';
}

export function describeFailure({ seed, path, sequence, message }: NonNullable<ModelRun['failure']>): string {
  return [
    `The ledger and the model differ. Seed ${seed}, path ${path}. Replay it with`,
    `  MODEL_SEED=${seed} MODEL_PATH='${path}' npm run test:model`,
    ...sequence.map((command) => `  ${command}`),
    message,
  ].join('\n');
}
