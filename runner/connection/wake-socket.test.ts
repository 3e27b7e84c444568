import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { createBus } from '../events.ts';
import { EdgeClient } from './edge-client.ts';
import { WakeSocket } from './wake-socket.ts';

interface Opened {
  readonly socket: WebSocket;
  readonly url: string;
  readonly authorization: string | undefined;
}

/** A wake socket and the server that it connects to. Both end with the test. */
async function bed(t: TestContext) {
  let server = await listen(0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('Expected a port');
  const { port } = address;
  const opened: Opened[] = [];
  const warnings: string[] = [];
  let [opens, wakes] = [0, 0];
  const accept = () =>
    server.on('connection', (socket, { url = '', headers: { authorization } }) =>
      opened.push({ socket, url, authorization }),
    );
  accept();
  const events = createBus();
  events.on('retrying', ({ message }) => void warnings.push(message));
  const client = new EdgeClient({
    queueUrl: `http://127.0.0.1:${port}/`,
    apiUrl: 'http://127.0.0.1:1',
    token: 'secret',
  });
  const wake = new WakeSocket({
    connect: () => client.connectWake('host 1'),
    describe: (reason) => client.wakeClosed(reason),
    events,
    onOpen: () => {
      opens += 1;
    },
    onWake: () => {
      wakes += 1;
    },
  });
  const close = async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  t.after(async () => {
    wake.stop();
    await close();
  });
  return {
    wake,
    opened,
    warnings,
    opens: () => opens,
    wakes: () => wakes,
    goDown: close,
    async comeBack() {
      server = await listen(port);
      accept();
    },
  };
}

async function listen(port: number): Promise<WebSocketServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  await once(server, 'listening');
  return server;
}

test('the socket opens with the runner’s name and token, and wakes on opening and on each message', async (t) => {
  const { wake, opened, wakes } = await bed(t);
  wake.start();
  await waitFor('the socket', () => wake.isOpen);
  assert.deepEqual([opened[0]?.url, opened[0]?.authorization], ['/wake?runner=host+1', 'Bearer secret']);
  assert.equal(wakes(), 1);
  opened[0]?.socket.send('ready');
  await waitFor('the wake', () => wakes() === 2);
});

test('a closed socket opens again and reports once that it is not open', async (t) => {
  const { wake, opened, warnings, opens, wakes, goDown, comeBack } = await bed(t);
  wake.start();
  await waitFor('the socket', () => wake.isOpen);
  await goDown();
  await waitFor('the end of the socket', () => !wake.isOpen);
  // Long enough for some failed attempts.
  await waitFor('a warning', () => warnings.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await comeBack();
  await waitFor('a new socket', () => wake.isOpen);
  assert.equal(opened.length, 2);
  assert.deepEqual([opens(), wakes()], [2, 2]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /wake socket of the Consumer Worker at http.* is not open .*polling/);
});

test('a stopped socket stays closed', async (t) => {
  const { wake, opened, warnings } = await bed(t);
  wake.start();
  await waitFor('the socket', () => wake.isOpen);
  const closed = once(opened[0]?.socket ?? assert.fail(), 'close');
  wake.stop();
  assert.ok(await settlesWithin(closed, 1000));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.deepEqual([opened.length, warnings], [1, []]);
});
