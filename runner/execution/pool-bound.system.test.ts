import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { job } from '../testing/held-tasks.ts';
import { exitOf, openPool, run } from '../testing/lanes/open-pool.ts';
import { roundsFor } from '../testing/native-call.ts';
import { ThreadExit } from '../threads/open-jobs.ts';

test('stuck threads are replaced up to a limit, then their places stay empty until one exits', async (t) => {
  const { pool, started } = openPool(t);
  const order = { do: 'compute natively', ms: roundsFor(6000) } as const;
  const exits: Promise<unknown>[] = [];
  for (const slots of [1, 1, 0]) {
    const blocked = job(order);
    const running = run(pool, blocked);
    exits.push(exitOf(running));
    await started(blocked);
    await sleep(300);
    void running.thread.end();
    assert.equal(pool.slots, slots);
  }
  assert.throws(() => pool.start([job({ do: 'return' })]), /no thread/);
  assert.ok((await Promise.race(exits)) instanceof ThreadExit);
  assert.equal(pool.slots, 1);
  assert.deepEqual(await run(pool, job({ do: 'return', value: 1 })).outcome, { result: '1' });
  await Promise.all(exits);
});
