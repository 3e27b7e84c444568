import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newSubmission, taskIdAt } from '../../../edge/contract/task-id.ts';
import { TaskQueue } from '../../client.ts';
import { submitFile } from './batch.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-queue-batch-'));
});
after(() => rm(folder, { recursive: true }));

const SUBMISSION = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));

/** A queue that accepts batches until `refuse` returns a refusal. `batches` counts the batches sent. */
function queueThat(refuse: (index: number) => object | undefined = () => undefined) {
  let batches = 0;
  const fetch = async (input: string | URL | Request) => {
    const { tasks }: { tasks: unknown[] } = await new Request(input).json();
    const refusal = refuse(batches);
    batches += 1;
    if (refusal) return Response.json(refusal, { status: 400 });
    const taskIds = tasks.map((_, index) => taskIdAt(SUBMISSION, index));
    return Response.json({
      success: true,
      taskIds,
      count: tasks.length,
      status: 'pending',
      message: 'Queued',
    });
  };
  return { queue: new TaskQueue({ url: 'http://localhost', fetch }), batches: () => batches };
}

async function fileOf(lines: readonly string[]): Promise<string> {
  const path = join(folder, crypto.randomUUID());
  await writeFile(path, lines.join('\n'));
  return path;
}

const TASK = '{"type":"a","payload":{"n":1}}';

test('the tasks of a file are counted before they are submitted; empty lines are skipped', async () => {
  const { queue, batches } = queueThat();
  const calls: unknown[] = [];
  const submitted = await submitFile(
    queue,
    await fileOf([TASK, '', `${TASK}\r`, ...Array(1500).fill(TASK), '']),
    {
      onTotal: (tasks) => calls.push(tasks),
      onBatch: (taskIds) => calls.push(taskIds.length),
    },
  );
  assert.deepEqual([submitted, calls, batches()], [1502, [1502, 1000, 502], 2]);
});

for (const [what, lines, sentence] of [
  [
    'is not JSON',
    [TASK, '', '{"type":"a" 1}'],
    / is not JSON: expected a comma or a closing bracket at line 3, column 13\n {2}\{"type"/,
  ],
  ['is not a task', [TASK, '[]'], /, line 2: .*expected object/],
  ['has an invalid field', [TASK, '{"type":"a","priority":101}'], /, line 2: priority: .*100/],
  ['has an unknown field', ['{"type":"a","prio":1}'], /, line 1: .*"prio"/],
] as const) {
  test(`if a line ${what}, nothing is submitted`, async () => {
    const { queue, batches } = queueThat();
    await assert.rejects(submitFile(queue, await fileOf(lines), {}), sentence);
    assert.equal(batches(), 0);
  });
}

test('the error for a refused task names its line and the number of tasks submitted before it', async () => {
  const issues = [{ path: 'tasks.2.runAt', message: 'Expected a time at most 30 days ahead' }];
  const refusal = { error: 'tasks.2.runAt: Expected a time', code: 'invalid_request', issues };
  const { queue } = queueThat((index) => (index === 1 ? refusal : undefined));
  const lines = ['', ...Array<string>(1003).fill(TASK)];
  await assert.rejects(
    submitFile(queue, await fileOf(lines), {}),
    /, line 1004: runAt: Expected a time at most 30 days ahead \(1000 tasks were submitted before it\)$/,
  );
});

test('a file without tasks and a file that cannot be read are refused', async () => {
  const { queue } = queueThat();
  await assert.rejects(
    submitFile(queue, await fileOf(['', ' ']), {}),
    /has no tasks: expected one JSON object per line$/,
  );
  await assert.rejects(
    submitFile(queue, join(folder, 'absent'), {}),
    /^Error: --batch: .*absent cannot be read \(ENOENT: no such file or directory\)$/,
  );
  await assert.rejects(submitFile(queue, folder, {}), /cannot be read \(EISDIR/);
});
