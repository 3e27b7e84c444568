import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunnerEvents } from '../events.ts';
import { fixtureEntry, grantedTask } from '../testing/held-tasks.ts';
import { loggedEvents, RUNNER, type ToldEvent, withoutTimes } from '../testing/logged.ts';

const TIME = '2025-08-03T12:00:00.000Z';
const LEASE = 'd9b2d63d-a233-4123-847a-7c5b0b1f5c3e';
const times = { createdAt: TIME, receivedAt: TIME, claimedAt: TIME };
const email = grantedTask('email', { to: 'user@example.com', template: 'welcome' }, times);
const failing = grantedTask('test', { shouldFail: true }, times);
const rest = { leaseId: LEASE, entry: fixtureEntry('io'), arrivedAt: 0, readAhead: false };
const held = { ...rest, task: email };
const heldFailing = { ...rest, task: failing };

async function lines(...events: ToldEvent[]): Promise<string> {
  return withoutTimes(await loggedEvents(events));
}

test('the log describes the start in the words of the specification', async () => {
  const health = (service: string) => ({ status: 'healthy', timestamp: TIME, service });
  const options = {
    queueUrl: 'https://queue.example',
    apiUrl: 'https://api.example',
    pollIntervalMs: 5000,
    token: 'a secret',
  };
  const text = await lines(
    ['configured', options, ['email', 'heavy']],
    ['connecting'],
    ['connected', 'Queue worker', health('queue-buffer-v2')],
    ['connected', 'API worker', health('task-api-v2')],
    ['ready'],
  );
  const [configuration = '', rest] = text.split('\n}\n');
  assert.ok(
    configuration.startsWith(`[INFO] Consumer initialized with configuration: {
  "queueWorkerUrl": "https://queue.example",
  "apiWorkerUrl": "https://api.example",
  "pollInterval": 5000`),
    configuration,
  );
  assert.ok(!text.includes('a secret'), 'the token stays out of the log');
  assert.equal(
    rest,
    `[INFO] Testing connections...
[INFO] ✅ Queue worker connection OK: {"status":"healthy","timestamp":"${TIME}","service":"queue-buffer-v2"}
[INFO] ✅ API worker connection OK: {"status":"healthy","timestamp":"${TIME}","service":"task-api-v2"}
[INFO] 📡 Task Consumer started successfully
[INFO] 🔄 Polling every 5000ms
[INFO] Press Ctrl+C to stop
`,
  );
});

test('the log describes a successful task in the words and the order of the specification', async () => {
  const { taskId } = email;
  const text = await lines(
    ['polling'],
    ['claimed', { leaseId: LEASE, tasks: [email], ready: 0 }],
    ['started', held],
    ['log', { held, level: 'info', message: 'Simulating email work for 1000ms...' }],
    ['completed', { held }],
    ['reported', { held, success: true, outcome: { taskId, status: 'completed' } }],
    ['idle', { pollIntervalMs: 5000 }],
  );
  assert.equal(
    text,
    `[INFO] Polling for ready tasks...
[INFO] Found 1 ready task(s)
[INFO] 📨 Processing 1 task(s)
[INFO] Claiming task: ${taskId}
[INFO] Task ${taskId} claimed successfully
[INFO] 🔄 Processing Task: {
  "id": "${taskId}",
  "type": "email",
  "payload": {
    "to": "user@example.com",
    "template": "welcome"
  },
  "createdAt": "${TIME}",
  "receivedAt": "${TIME}",
  "claimedAt": "${TIME}"
}
[INFO] Processing task ${taskId}...
[INFO] Simulating email work for 1000ms...
[INFO] 📝 Completion reported to API: {
  "taskId": "${taskId}",
  "success": true,
  "response": {
    "success": true,
    "message": "Task marked as completed",
    "taskId": "${taskId}",
    "status": "completed"
  }
}
[INFO] 🗑️ Task ${taskId} removed from queue buffer
[INFO] ✅ Task ${taskId} completed successfully
[INFO] ⏰ No ready tasks - next poll in 5000ms
`,
  );
});

test('the log describes a failed task in the words and the order of the specification', async () => {
  const { taskId } = failing;
  const error = { code: 'task_error', name: 'Error', message: 'Simulated task failure' };
  const text = await lines(
    ['claimed', { leaseId: LEASE, tasks: [failing], ready: 0 }],
    ['started', heldFailing],
    ['failed', { held: heldFailing, error }],
    ['reported', { held: heldFailing, success: false, outcome: { taskId, status: 'failed' } }],
  );
  assert.ok(
    text.endsWith(`
[INFO] Processing task ${taskId}...
[ERROR] ❌ Task ${taskId} failed: Error: Simulated task failure
[INFO] 📝 Completion reported to API: {
  "taskId": "${taskId}",
  "success": false,
  "response": {
    "success": true,
    "message": "Task marked as failed",
    "taskId": "${taskId}",
    "status": "failed"
  }
}
[INFO] 🗑️ Task ${taskId} removed from queue buffer
`),
    text,
  );
});

test('the log does not report that a task waiting for another attempt left the buffer', async () => {
  const outcome = { taskId: failing.taskId, status: 'pending', runAt: TIME };
  const text = await lines(['reported', { held: heldFailing, success: false, outcome }]);
  assert.match(text, new RegExp(`"message": "Task waits for another attempt at ${TIME}"`));
  assert.ok(!text.includes('removed'));
});

test('a result that was not accepted, a lost task and a repeated call are warnings', async () => {
  const text = await lines(
    ['reported', { held, success: true, outcome: { taskId: email.taskId, status: 'stale' } }],
    ['lost', held],
    ['retrying', 'The API Worker does not answer'],
  );
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 7)),
    ['[WARN] ', '[WARN] ', '[WARN] '],
  );
  assert.match(text, /The API Worker does not answer; trying again/);
});

const ATTEMPT = { taskId: email.taskId, leaseId: LEASE, attempt: 1 };
const error = { code: 'crashed', message: 'The task ended its thread' };
const health = { status: 'healthy', timestamp: TIME, service: 'queue-buffer-v2' };

/** An event of each kind, and the ids that its lines contain. */
const EVENTS: Record<keyof RunnerEvents, { event: ToldEvent; lines: object[] }> = {
  configured: { event: ['configured', { pollIntervalMs: 5000 }, ['email']], lines: [{}] },
  connecting: { event: ['connecting'], lines: [{}] },
  connected: { event: ['connected', 'Queue worker', health], lines: [{}] },
  ready: { event: ['ready'], lines: [{}, {}, {}] },
  polling: { event: ['polling'], lines: [{}] },
  claimed: {
    event: ['claimed', { leaseId: LEASE, tasks: [email], ready: 0 }],
    lines: [{ leaseId: LEASE }, { leaseId: LEASE }, ATTEMPT, ATTEMPT],
  },
  idle: { event: ['idle', { pollIntervalMs: 5000 }], lines: [{}] },
  started: { event: ['started', held], lines: [ATTEMPT, ATTEMPT] },
  progress: { event: ['progress', { held, value: 1 }], lines: [] },
  log: { event: ['log', { held, level: 'debug', message: 'of the task' }], lines: [ATTEMPT] },
  stray: { event: ['stray', { sentence: 'Something was left behind', ids: ATTEMPT }], lines: [ATTEMPT] },
  stuck: { event: ['stuck', held], lines: [ATTEMPT] },
  unstuck: { event: ['unstuck', { held, ms: 90_000 }], lines: [ATTEMPT] },
  warned: { event: ['warned', { sentence: 'Something is wrong', ids: ATTEMPT }], lines: [ATTEMPT] },
  completed: { event: ['completed', { held }], lines: [] },
  failed: { event: ['failed', { held, error }], lines: [ATTEMPT] },
  reported: {
    event: ['reported', { held, success: true, outcome: { taskId: email.taskId, status: 'completed' } }],
    lines: [ATTEMPT, ATTEMPT, ATTEMPT],
  },
  released: { event: ['released', held], lines: [ATTEMPT] },
  lost: { event: ['lost', held], lines: [ATTEMPT] },
  answered: { event: ['answered', { call: 'claim', ms: 1 }], lines: [] },
  retrying: { event: ['retrying', 'The API Worker does not answer'], lines: [{}] },
  stopping: { event: ['stopping'], lines: [] },
  draining: { event: ['draining', { running: 1, timeoutSeconds: 30 }], lines: [{}] },
  drained: { event: ['drained', { unanswered: 1 }], lines: [{}, {}] },
};

test('every JSON line names the runner, and lines about a task contain its id, lease and attempt', async () => {
  const told = Object.values(EVENTS);
  const text = await loggedEvents(
    told.map(({ event }) => event),
    { logLevel: 'debug', logFormat: 'json' },
  );
  const ids = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line, (key, value) => (IDS.has(key) ? value : undefined)));
  assert.deepEqual(
    ids,
    told.flatMap(({ lines }) => lines.map((line) => ({ runner: RUNNER, ...line }))),
  );
});

const IDS = new Set(['', 'runner', 'taskId', 'leaseId', 'attempt']);

test('above the info level the log contains only what needs attention', async () => {
  const events: ToldEvent[] = [
    ['polling'],
    ['started', held],
    ['failed', { held, error: { code: 'crashed', message: 'The task ended its thread' } }],
  ];
  const text = await loggedEvents(events, { logLevel: 'warn', logFormat: 'text' });
  assert.equal(withoutTimes(text), `[ERROR] ❌ Task ${email.taskId} failed: The task ended its thread\n`);
});

test('the number of tasks that could not be reported is logged even above the info level', async () => {
  const text = await loggedEvents([['drained', { unanswered: 2 }]], { logLevel: 'warn', logFormat: 'text' });
  assert.match(text, /2 task\(s\) could not be reported/);
});
