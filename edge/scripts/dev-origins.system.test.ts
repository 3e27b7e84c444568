import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { listProcesses, withDescendants } from './lib/process-table.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  await once(server.close(), 'close');
  return address.port;
}

/** Runs `edge/scripts/dev.ts` until the test has ended. */
async function startDev(env: Record<string, string>) {
  const [api, buffer] = [await freePort(), await freePort()];
  const stateDir = await mkdtemp(join(tmpdir(), 'dev-origins-'));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'dev.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, API_PORT: String(api), BUFFER_PORT: String(buffer), STATE_DIR: stateDir, ...env },
  });
  for await (const line of createInterface(child.stdout)) if (line.startsWith('Edge ready')) break;
  return {
    pid: child.pid ?? 0,
    api: `http://localhost:${api}`,
    buffer: `http://localhost:${buffer}`,
    stop: async () => {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

test('the local edge answers only its own pages and those that ALLOWED_ORIGINS names', async (t) => {
  const app = 'http://localhost:5173';
  const { api, buffer, stop } = await startDev({ ALLOWED_ORIGINS: app });
  t.after(stop);
  const statusFrom = async (url: string, origin?: string) => {
    const answer = await fetch(url, { headers: origin === undefined ? {} : { Origin: origin } });
    await answer.body?.cancel();
    return answer.status;
  };
  for (const url of [`${api}/tasks`, `${buffer}/tasks/ready`]) {
    for (const origin of [undefined, api, buffer, app]) {
      assert.equal(await statusFrom(url, origin), 200, `${url} from ${origin}`);
    }
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null']) {
      assert.equal(await statusFrom(url, origin), 403, `${url} from ${origin}`);
    }
  }
});

test('no page can bypass the workers: wrangler serves no explorer, and the runtime serves no inspector', async (t) => {
  const { pid, api, buffer, stop } = await startDev({});
  t.after(stop);
  for (const url of [api, buffer]) {
    for (const path of ['/cdn-cgi/explorer/api', '/cdn-cgi/local/explorer/api']) {
      const answer = await fetch(`${url}${path}/storage/kv/namespaces`, {
        headers: { Origin: 'http://localhost:3000' },
      });
      await answer.body?.cancel();
      assert.equal(answer.status, 403, `${url}${path}`);
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
  }
  const commands = withDescendants(await listProcesses(), pid).map(({ command }) => command);
  const runtimes = commands.filter((command) => command.includes('workerd serve'));
  assert.ok(runtimes.length >= 2, commands.join('\n'));
  for (const command of runtimes) assert.doesNotMatch(command, /--inspector/);
});
