import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate } from 'node:timers';
import { type CheckedDefinition, loadDefinition } from '../catalog/definition.ts';
import { JobChildren } from './children/job-children.ts';
import { currentThread } from './children/os-process.ts';
import { NoteBudget, STRAY_LIMITS } from './note-budget.ts';
import { failureOf, invalidPayload, storable } from './outcome.ts';
import { closePublicPorts, refuseThreadMessages } from './public-ports.ts';
import { replaceStdio } from './stdio/task-stdio.ts';
import { contextOf, TaskNotes } from './task-context.ts';
import { forgetNodeFlags } from './thread-env.ts';
import { openThreadPort, type ThreadPort } from './thread-port.ts';
import {
  type BatchGroup,
  type Job,
  type JobBatch,
  MAX_LOG_LENGTH,
  type Outcome,
  type Setup,
  type TaskFailure,
  type ThreadNote,
  tryStart,
  type WarmUp,
} from './thread-protocol.ts';

/** A job on this thread, until its outcome is on its way. */
interface Running {
  readonly job: Job;
  readonly controller: AbortController;
  readonly notes: TaskNotes;
  /** Ends the job by an error that was thrown where nobody could catch it. */
  readonly fail: (thrown: unknown) => void;
}

// Kept from before any task module is loaded: what tasks replace later changes nothing here.
const now = performance.now.bind(performance);
const { freeze } = Object;

forgetNodeFlags();
refuseThreadMessages();

const definitions = new Map<string, Promise<CheckedDefinition>>();
const running = new Map<number, Running>();
/** The job that a piece of code belongs to, also in its timers and callbacks. */
const current = new AsyncLocalStorage<Job>();
/** For what jobs leave behind, and for messages to nobody. */
const strays = new NoteBudget(STRAY_LIMITS, now());

let setup: { readonly token: string; readonly port: ThreadPort; readonly children: JobChildren } | undefined;

replaceStdio((output, piece) => printing()?.notes.print(output, piece));

// What a job throws outside its promise is its own failure; once it has ended, nobody's. No task can undo the
// first: where it has removed the second, rejections come to the first too.
process.setUncaughtExceptionCaptureCallback(blame);
process.on('unhandledRejection', blame);
Object.defineProperty(process, 'setUncaughtExceptionCaptureCallback', {
  value: () => {
    throw new Error('Task code cannot catch what others throw');
  },
  writable: false,
  configurable: false,
});
syncBuiltinESMExports();

const exit = process.exit;
process.exit = (code) => {
  const job = current.getStore();
  if (job) note(job.id, { kind: 'exit', code: String(code ?? process.exitCode ?? 0) });
  void setup?.children.endAll();
  return exit(code);
};

/**
 * Takes its first order, then runs some tasks, or loads files ahead.
 *
 * @returns for the first order the id that Linux gives to the thread.
 * @throws {Error} for an order that is not the main thread's.
 */
export default function run(order: Setup | BatchGroup | WarmUp): Nothing | number | undefined {
  if (setup === undefined && 'port' in order) {
    const onAbort = (jobId: number, reason: string) =>
      running.get(jobId)?.controller.abort(new Error(reason));
    const port = openThreadPort(order, onAbort);
    const children = new JobChildren({
      onNote: (note) => void port.note(note),
      currentJob: () => current.getStore()?.id,
      isRunning: (job) => running.has(job),
    });
    setup = { token: order.token, port, children };
    closePublicPorts(noteUnheard);
    return currentThread();
  }
  if (setup === undefined || order.token !== setup.token || 'port' in order) {
    throw new Error('This thread takes orders of the runner alone');
  }
  const { port } = setup;
  return nothingAfter('modules' in order ? () => warmUp(order) : () => runBatches(order, port));
}

/** Can be awaited, for nothing. No promise: a task could replace what that has of its prototype. */
interface Nothing {
  readonly then: (resolve: (nothing: undefined) => void) => void;
}

function nothingAfter(work: () => Promise<void>): Nothing {
  const then = async (resolve: (nothing: undefined) => void) => {
    try {
      await work();
    } catch {
      // The main thread misses the ends of the jobs.
    }
    resolve(undefined);
  };
  return freeze({ __proto__: null, then });
}

/** A file that fails to load fails the tasks of its type, each in its own words. */
async function warmUp({ modules }: WarmUp): Promise<void> {
  await Promise.allSettled(modules.map(definitionOf));
}

/**
 * Before a job starts, the end of the one before it is sent, since the new job may keep this thread busy for long.
 * Where batches run side by side, ends that come together are sent together.
 */
async function runBatches({ batches }: BatchGroup, port: ThreadPort): Promise<void> {
  let open = batches.length;
  const runBatch = async (batch: JobBatch) => {
    for (const [index, job] of batch.jobs.entries()) {
      if (!tryStart(batch, index)) continue;
      if (index > 0) port.sendEnds();
      await runJob(job, port);
    }
    open -= 1;
    if (open > 0) setImmediate(port.sendEnds);
  };
  await Promise.all(batches.map(runBatch));
  port.sendEnds();
}

/** Whatever the task does short of ending the thread becomes an outcome. */
function runJob(job: Job, port: ThreadPort): Promise<void> {
  return current.run(job, async () => {
    const controller = new AbortController();
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    const notes = new TaskNotes((said) => note(job.id, said));
    const entry: Running = { job, controller, notes, fail };
    running.set(job.id, entry);
    const startedAt = now();
    const outcome = await Promise.race([attempt(entry), failed]).catch(
      (thrown): Outcome => ({ error: failureOf(thrown) }),
    );
    running.delete(job.id);
    const ms = now() - startedAt;
    await endChildren(job, notes);
    notes.flush();
    port.end({ jobId: job.id, outcome, ms });
  });
}

/** An attempt ends after its children: the next one must not meet them. */
async function endChildren({ id }: Job, notes: TaskNotes): Promise<void> {
  const programs = (await setup?.children.end(id)) ?? [];
  if (programs.length === 0) return;
  const named = programs.slice(0, 5).join(', ');
  notes.log(
    'warn',
    `${programs.length} child process(es) still ran when the attempt ended, and were ended: ${named}`,
  );
}

async function attempt({ job, controller, notes }: Running): Promise<Outcome> {
  const definition = await definitionOf(job.module);
  const given = takePayload(job);
  if ('error' in given) return given;
  const payload = await definition.payload.safeParseAsync(given.value);
  if (!payload.success) return { error: invalidPayload(payload.error.issues) };
  return storable(await definition.run(payload.data, contextOf(job, controller.signal, notes)));
}

/** Takes the payload out of a job: its text is of no use any more, and may be large. */
function takePayload(job: Job): { readonly value: unknown } | { readonly error: TaskFailure } {
  const { payloadText } = job;
  job.payloadText = undefined;
  try {
    return { value: payloadText === undefined ? undefined : JSON.parse(payloadText) };
  } catch (error) {
    const message = `The payload is no JSON: ${error instanceof Error ? error.message : error}`;
    return { error: invalidPayload([{ path: [], message }]) };
  }
}

function definitionOf(module: string): Promise<CheckedDefinition> {
  const known = definitions.get(module) ?? current.exit(() => loadDefinition(module, module));
  definitions.set(module, known);
  known.catch(() => definitions.delete(module));
  return known;
}

function note(jobId: number, said: ThreadNote): boolean {
  return setup?.port.note({ ...said, jobId }) ?? false;
}

/** The job whose code prints. Code of no known job, such as a worker's, prints for the only one that runs. */
function printing(): Running | undefined {
  const job = current.getStore();
  if (job) return running.get(job.id);
  const [only, ...others] = running.values();
  return others.length === 0 ? only : undefined;
}

function noteUnheard(): void {
  const job = current.getStore();
  if (strays.take(0, now())) note(job?.id ?? 0, { kind: 'unheard' });
}

/** What this throws would end the thread. */
function blame(thrown: unknown): void {
  try {
    const job = current.getStore();
    const entry = job && running.get(job.id);
    if (entry) entry.fail(thrown);
    else noteStray(job, thrown);
  } catch {
    // A task has replaced what this calls.
  }
}

function noteStray(job: Job | undefined, thrown: unknown): void {
  if (!strays.take(0, now())) return;
  note(job?.id ?? 0, { kind: 'stray', message: failureOf(thrown).message.slice(0, MAX_LOG_LENGTH) });
}
