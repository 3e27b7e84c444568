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
  /** The failures that were stored when the step began. */
  readonly failures: readonly Failure[];
}

/** Runs a step with a limited number of KV operations. The next run continues where the step stopped. */
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
    logOf(env).info('The cron job continues in its next run', { operations });
  }
}

/** Whether a step has failed and must not be retried yet. */
export function isWaiting({ failures, now }: CronStep, step: FailedStep, name: string): boolean {
  return failures.some((failure) => failure.step === step && failure.name === name && failure.retryAt > now);
}

/**
 * Runs a part of a step whose failure does not affect the other parts. A failure is logged and retried later.
 *
 * @param body returns false if something is left to do.
 * @returns the result of `body`. If `body` throws, whether the ledger stored the failure.
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
    logOf(env).error(`The ${step} failed and will be retried`, { name, error });
    return ledger.noteFailure(step, name);
  }
}
