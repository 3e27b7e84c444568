import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { FakeEdge } from '../testing/fake-edge.ts';
import { startCli } from '../testing/start-cli.ts';
import { taskFolder, taskSource } from '../testing/task-files.ts';

const IMPORTS = `
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
`;
/** Opens files until the process may open no more, and keeps them open. */
const LEAK = `payload: z.object({ ms: z.number() }), async run({ ms }) {
  const files = [];
  try { for (;;) files.push(openSync('/dev/null')); } catch {}
  await sleep(ms);
  for (const file of files) closeSync(file);
  return files.length;
},`;

/** A runner that may open few files, and a task that waits for a while. Both end with the test. */
async function openRunner(t: TestContext) {
  const edge = await FakeEdge.start(t);
  const tasks = await taskFolder(t, {
    'leak.ts': IMPORTS + taskSource('leak', LEAK),
    'wait.ts': IMPORTS + taskSource('wait', `lane: 'io', run: () => sleep(8000, 'waited'),`),
  });
  const port = await freePort();
  const { queueUrl, apiUrl } = edge;
  const flags = {
    'queue-url': queueUrl,
    'api-url': apiUrl,
    tasks,
    threads: 1,
    'lease-seconds': 4,
    'poll-interval': 100,
    'metrics-port': port,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const cli = startCli(t, args);
  const isReady = () => fetch(`http://127.0.0.1:${port}/ready`).then(({ ok }) => ok);
  await waitFor('the runner', () => isReady().catch(() => false));
  execFileSync('prlimit', ['--pid', String(cli.process.pid), '--nofile=400']);
  const wait = edge.ledger.add('wait', {});
  return { edge, cli, port, resultOf: (id: string) => edge.ledger.settled.get(id), wait };
}

const options = { skip: process.platform !== 'linux' };

test(
  'a task that opens all files that the process may open ends neither the runner nor its leases',
  options,
  async (t) => {
    const { edge, cli, port, resultOf, wait } = await openRunner(t);
    const leak = edge.ledger.add('leak', { ms: 6000 });
    await waitFor('no file to be left', () =>
      cli.stdout().includes('The memory of this process cannot be read'),
    );
    edge.fail('/tasks/claim', { drop: 'before' }, { drop: 'before' });
    edge.fail('/tasks/heartbeat', { drop: 'before' });
    // Some connections are accepted in place of a dropped one; others are closed.
    const callers = Array.from({ length: 3 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    for (const caller of callers) caller.setTimeout(500, () => caller.destroy());
    await Promise.all(callers.map((caller) => once(caller, 'close')));
    await waitFor('both results', () => edge.ledger.allSettled);
    assert.ok(Number(resultOf(leak)?.result) > 100);
    assert.equal(resultOf(wait)?.result, 'waited');
    assert.doesNotMatch(cli.stdout(), /was lost/);
    assert.match(cli.stdout(), /\(EMFILE: too many open files.*ulimit -n/);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /^process_open_fds \d+$/m);
  },
);

test('the thread of such a task is replaced at its timeout', options, async (t) => {
  const { edge, cli, resultOf, wait } = await openRunner(t);
  const leak = edge.ledger.add('leak', { ms: 60_000 }, { timeoutSeconds: 2, maxAttempts: 1 });
  const next = edge.ledger.add('leak', { ms: 0 });
  await waitFor('all results', () => edge.ledger.allSettled);
  assert.equal(resultOf(leak)?.error?.code, 'timeout');
  assert.ok(Number(resultOf(next)?.result) > 100);
  assert.equal(resultOf(wait)?.result, 'waited');
  assert.doesNotMatch(cli.stdout(), /was lost/);
});
