/**
 * A runner that claims, renews and releases one task after another and reports how long each call took. It has its
 * own thread, so that the attack in this process does not add to its times.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Claim, HeartbeatAnswer } from '../../contract/buffer.ts';
import { post } from './http.ts';
import { PROBE_TYPE, type Sample } from './probe.ts';

const SPACE_MS = 20;

const { queueUrl } = workerData;
const stop = new AbortController();
parentPort?.on('message', () => {
  stop.abort();
  parentPort?.close();
});
while (!stop.signal.aborted) {
  parentPort?.postMessage(await sample());
  await sleep(SPACE_MS);
}

async function sample(): Promise<Sample> {
  const leaseId = randomUUID();
  const wants = [{ types: [PROBE_TYPE], limit: 1 }];
  const claim = await timed(post(`${queueUrl}/tasks/claim`, { leaseId, runner: 'probe', wants }));
  const [task] = Claim.parse(claim.answer).tasks;
  if (!task) throw new Error('The probe found no task to claim');
  const leases = [{ leaseId, holds: [task.taskId] }];
  const heartbeat = await timed(post(`${queueUrl}/tasks/heartbeat`, { leases }));
  if (HeartbeatAnswer.parse(heartbeat.answer).extended.length !== 1)
    throw new Error('The probe lost its lease');
  await post(`${queueUrl}/tasks/release`, { leaseId });
  return { claim: claim.ms, heartbeat: heartbeat.ms };
}

async function timed<Answer>(answer: Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const started = performance.now();
  return { answer: await answer, ms: performance.now() - started };
}
