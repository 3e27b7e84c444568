import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RunnerList } from '../contract/stats.ts';
import { guardedEdge, TOKENS } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const edge = guardedEdge();

const CLIENT = { Authorization: `Bearer ${TOKENS.client}` };
const runners = async () => {
  const { body } = await edge.api.call('/runners', { headers: CLIENT });
  return RunnerList.parse(body).runners.map(({ name }) => name);
};

/** The kinds of sockets. */
const KINDS = {
  live: () => open(edge.api, '/live', TOKENS.client),
  wake: () => open(edge.buffer, '/wake?runner=talker', TOKENS.runner),
};

/** Opens a socket. Returns what it received, and how it was closed. */
async function open({ worker }: typeof edge.api, path: string, token: string) {
  const headers = { Authorization: `Bearer ${token}`, Upgrade: 'websocket' };
  const { webSocket: socket } = await worker.fetch(path, { headers });
  assert.ok(socket);
  let pongs = 0;
  let closed: [number, string] | undefined;
  socket.addEventListener('message', ({ data }) => {
    if (data === 'pong') pongs += 1;
  });
  socket.addEventListener('close', ({ code, reason }) => {
    closed = [code, reason];
  });
  socket.accept();
  return {
    socket,
    ponged: (count: number) => waitFor(`${count} pongs`, async () => pongs === count || undefined),
    closed: () => waitFor('the end of the socket', async () => closed),
  };
}

for (const [kind, openOne] of Object.entries(KINDS)) {
  describe(`a client’s message on the ${kind} socket`, () => {
    test('is answered if it is `ping`', async () => {
      const { socket, ponged } = await openOne();
      for (let ping = 0; ping < 3; ping += 1) socket.send('ping');
      await ponged(3);
      socket.close();
    });

    for (const [what, message] of Object.entries({ text: 'hello', binary: new Uint8Array(5) })) {
      test(`ends the socket if it is another ${what}`, async () => {
        const { socket, closed } = await openOne();
        socket.send(message);
        assert.deepEqual(await closed(), [1008, 'This socket accepts no message other than `ping`']);
      });
    }

    test('ends the socket if pings come too fast', async () => {
      const { socket, ponged, closed } = await openOne();
      for (let ping = 0; ping < 11; ping += 1) socket.send('ping');
      await ponged(10);
      assert.deepEqual(await closed(), [1008, 'Too many pings: send one every 10 seconds']);
    });
  });
}

test('the ledger’s end of a socket is closed together with the client’s end', async () => {
  const { socket, closed } = await open(edge.buffer, '/wake?runner=ended', TOKENS.runner);
  assert.ok((await runners()).includes('ended'));
  socket.send('hello');
  await closed();
  await waitFor('the end of the runner', async () => !(await runners()).includes('ended') || undefined);
});
