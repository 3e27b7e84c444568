import type { Argv } from 'yargs';
import type { SubmitOptions, TaskQueue } from '../../client.ts';
import { connect, withConnection } from '../connection.ts';
import { type FlagsOf, number, seconds, time } from '../flags.ts';
import { count, print, printJson } from '../output.ts';
import { readPayload } from '../payload.ts';
import { printEnded } from '../task-output.ts';

function withFlags(parser: Argv) {
  return withConnection(parser)
    .positional('type', { type: 'string', describe: 'The name of a task type' })
    .option('payload', {
      type: 'string',
      requiresArg: true,
      describe: 'JSON, @FILE, or @- for standard input',
    })
    .option('priority', { ...number('priority'), describe: 'From -100 to 100; higher runs first' })
    .option('delay', {
      ...seconds('delay'),
      describe: 'Wait this long before the task may run: in seconds, or 90s, 30m, 2h, 7d, …',
    })
    .option('run-at', {
      ...time('run-at', 'ahead'),
      describe: 'Run the task at this time, such as 2026-01-31T12:00:00Z, or in 30m, 2h, 7d, …',
    })
    .option('max-attempts', {
      ...number('max-attempts'),
      describe: 'Number of attempts before the task fails',
    })
    .option('timeout', {
      ...seconds('timeout'),
      describe: 'Time limit of one attempt: in seconds, or 90s, 30m, 2h, …',
    })
    .option('tag', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'A tag to find the task by; repeat the flag for up to ten tags',
    })
    .option('idempotency-key', {
      type: 'string',
      requiresArg: true,
      describe: 'Submit only once with this key within 24 hours',
    })
    .option('wait', {
      type: 'boolean',
      describe: 'Wait until the task has ended, and show its result',
    })
    .option('wait-timeout', {
      alias: 'timeout-seconds',
      ...seconds('wait-timeout'),
      describe: 'With --wait, wait no longer than this: in seconds, or 90s, 30m, …',
    })
    .option('batch', {
      type: 'string',
      requiresArg: true,
      conflicts: [
        ...['payload', 'priority', 'delay', 'run-at', 'max-attempts', 'timeout', 'tag'],
        ...['wait', 'wait-timeout'],
      ],
      describe:
        'Submit the tasks of a file, one JSON object per line: {"type":…,"payload":…}; - for standard input',
    });
}

export function addSubmit(parser: Argv): Argv {
  return parser.command('submit [type]', 'Submit a task, or a file of tasks', withFlags, async (flags) => {
    const { type, batch } = flags;
    if (batch !== undefined && type === undefined) return submitBatch(batch, flags);
    if (type !== undefined && batch === undefined) return submitOne(type, flags);
    throw new Error('Expected either a task type, `submit TYPE`, or a file of tasks, `submit --batch FILE`');
  });
}

type Flags = FlagsOf<typeof withFlags>;

async function submitOne(type: string, flags: Flags): Promise<void> {
  if (flags.waitTimeout !== undefined && !flags.wait) {
    throw new Error(
      '--wait-timeout: Expected --wait as well; to limit the time of an attempt, use --timeout',
    );
  }
  const payload = flags.payload === undefined ? undefined : await readPayload(flags.payload);
  const queue = await connect(flags);
  const options: SubmitOptions = {
    priority: flags.priority,
    delaySeconds: flags.delay,
    runAt: flags.runAt,
    maxAttempts: flags.maxAttempts,
    timeoutSeconds: flags.timeout,
    tags: flags.tag,
    ...(flags.idempotencyKey !== undefined && { idempotencyKey: flags.idempotencyKey }),
  };
  const id = await queue.submit(type, payload, options);
  if (!flags.json) print(id);
  else if (!flags.wait) printJson({ taskId: id });
  if (flags.wait) await printEnded(await queue.wait(id, { timeoutSeconds: flags.waitTimeout }), flags.json);
}

async function submitBatch(file: string, flags: Flags): Promise<void> {
  const queue: TaskQueue = await connect(flags);
  const [{ submitFile }, { SingleBar }] = await Promise.all([import('./batch.ts'), import('cli-progress')]);
  const bar = new SingleBar({
    format: '{bar} {value}/{total} tasks submitted',
    noTTYOutput: false,
    stream: process.stderr,
  });
  const submitted = await submitFile(queue, file, {
    idempotencyKey: flags.idempotencyKey,
    onTotal: (tasks) => bar.start(tasks, 0),
    onBatch: (taskIds) => {
      bar.increment(taskIds.length);
      if (flags.json) for (const taskId of taskIds) printJson({ taskId });
    },
  }).finally(() => bar.stop());
  if (!flags.json) print(`Submitted ${count(submitted, 'task')}`);
}
