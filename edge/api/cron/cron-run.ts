import type { FailedStep, Failure } from '../../contract/ledger/archive.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import { logOf } from '../../platform/log.ts';
import type { ApiEnv } from '../env.ts';
import { Budget, BudgetSpent } from './budget.ts';

/** A step of a run of the cron job. */
export interface CronStep {
  readonly env: ApiEnv;
  /** When the run began, in Unix milliseconds. */
  readonly now: number;
  readonly budget: Budget;
  /** What had failed when the step began. */
  readonly failures: readonly Failure[];
}

/** Takes a step with a number of KV operations; what it does not reach is left to the next run. */
export async function takeStep(
  env: ApiEnv,
  now: number,
  operations: number,
  body: (step: CronStep) => Promise<void>,
): Promise<void> {
  const failures = await ledgerOf(env).failures();
  try {
    await body({ env, now, budget: new Budget(operations), failures });
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    logOf(env).info('The cron job goes on in its next run', { operations });
  }
}

/** Whether something has failed, and is not to be tried again yet. */
export function isWaiting({ failures, now }: CronStep, step: FailedStep, name: string): boolean {
  return failures.some((failure) => failure.step === step && failure.name === name && failure.retryAt > now);
}

/**
 * Does something that may fail alone: it is logged and tried again later.
 *
 * @param body answers false if it has not done all, for now.
 * @returns what `body` answers; if it throws, whether the ledger remembers that.
 */
export async function tryAlone(
  { env, failures }: CronStep,
  step: FailedStep,
  name: string,
  body: () => Promise<boolean>,
): Promise<boolean> {
  const ledger = ledgerOf(env);
  try {
    const done = await body();
    const failed = failures.some((failure) => failure.step === step && failure.name === name);
    if (done && failed) await ledger.clearFailure(step, name);
    return done;
  } catch (error) {
    if (error instanceof BudgetSpent) throw error;
    logOf(env).error(`The ${step} failed and is tried again later`, { name, error });
    return ledger.noteFailure(step, name);
  }
}
