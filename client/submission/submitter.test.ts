import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createdAtOf } from '../../edge/contract/task-id.ts';
import { TaskQueue } from '../client.ts';
import { answerJson, startServer } from '../testing/server.ts';

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';
const SUBMITTED = { success: true, taskId: ID, status: 'pending', message: 'Task queued successfully' };
const REFUSAL = {
  error: 'Expected a Submission-Id at most 10 minutes old and 60 s ahead',
  code: 'submission_id_not_current',
};
const MINUTE = 60_000;

/** An API Worker whose clock is ahead of this machine's clock. `seen` contains the ids that it received. */
async function serverAhead(t: TestContext, aheadMs: number, lateMs = 0) {
  const seen: string[] = [];
  const now = () => Date.now() + aheadMs;
  const { url, calls } = await startServer(t, (request, response) => {
    if (request.url === '/health') {
      const timestamp = new Date(now()).toISOString();
      return answerJson(response, 200, { status: 'healthy', timestamp, service: 'task-api-v2' });
    }
    const id = String(request.headers['submission-id']);
    seen.push(id);
    const ageMs = now() + lateMs - createdAtOf(id);
    if (ageMs > 10 * MINUTE || ageMs < -MINUTE) return answerJson(response, 400, REFUSAL);
    answerJson(response, 201, SUBMITTED);
  });
  return { queue: new TaskQueue({ url }), seen, calls, now };
}

test('each submission has a separate id with the current time', async (t) => {
  const { queue, seen } = await serverAhead(t, 0);
  for (let n = 0; n < 3; n += 1) await queue.submit('a');
  await queue.submitMany(Array.from({ length: 1001 }, () => ({ type: 'a' }))).catch(() => {});
  assert.equal(new Set(seen).size, seen.length);
  for (const id of seen) assert.ok(Math.abs(createdAtOf(id) - Date.now()) < MINUTE);
});

for (const aheadMs of [30 * MINUTE, -5 * MINUTE]) {
  test(`a clock that is ${-aheadMs / MINUTE} minutes ahead is corrected once by the API Worker's clock`, async (t) => {
    const { queue, seen, calls, now } = await serverAhead(t, aheadMs);
    assert.equal(await queue.submit('a'), ID);
    assert.equal(calls(), 3, 'a refusal, the time, the submission');
    assert.ok(Math.abs(createdAtOf(seen[1] ?? '') - now()) < MINUTE);
    assert.equal(await queue.submit('a'), ID);
    assert.equal(calls(), 4);
  });
}

test('concurrent submissions with a wrong clock all succeed', async (t) => {
  const { queue } = await serverAhead(t, 30 * MINUTE);
  const ids = await Promise.all(Array.from({ length: 5 }, () => queue.submit('a')));
  assert.deepEqual(ids, Array(5).fill(ID));
});

test('a late repeat gets no new id, because an earlier attempt may have been accepted', async (t) => {
  const { queue, seen } = await serverAhead(t, 0, 11 * MINUTE);
  await assert.rejects(queue.submit('a'), { code: 'submission_id_not_current', status: 400 });
  assert.equal(seen.length, 1);
});
