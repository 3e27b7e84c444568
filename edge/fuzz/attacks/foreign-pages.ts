import { request } from 'node:http';
import type { Attack } from '../harness/attack.ts';
import type { EdgeUrls } from '../harness/edge.ts';

const ORIGINS = ['https://evil.example', 'http://localhost:3000', 'http://localhost.evil.example', 'null'];
const HOSTS = ['evil.example', '127.0.0.1.evil.example'];
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
};

/** The headers that a browser sends for a page of another origin, or of a host name that an attacker owns. */
const PAGES = [
  ...ORIGINS.map((Origin) => ({ Origin })),
  ...HOSTS.map((Host) => ({ Host, Origin: `http://${Host}` })),
];

export const foreignPages: Attack = {
  name: 'web pages of other origins and rebound hosts that read, submit, cancel, open sockets and explore what is stored',
  bound: { measure: 'requests that are let in', unit: 'requests', atMost: 0 },
  run: async (edge) => {
    const statuses = [];
    for (const page of PAGES) {
      for (const { url, method, headers } of requestsTo(edge)) {
        statuses.push(await statusOf(url, method, { ...headers, ...page }));
      }
    }
    const refused = statuses.filter((status) => status === 403);
    return { value: statuses.length - refused.length, note: `${refused.length} were answered 403` };
  },
};

function requestsTo({ apiUrl, queueUrl }: EdgeUrls) {
  const simple = { 'Content-Type': 'text/plain' };
  return [
    { url: `${apiUrl}/tasks`, method: 'GET', headers: {} },
    { url: `${apiUrl}/tasks`, method: 'POST', headers: simple },
    { url: `${apiUrl}/tasks/cancel`, method: 'POST', headers: simple },
    { url: `${apiUrl}/live`, method: 'GET', headers: UPGRADE },
    { url: `${queueUrl}/tasks/ready`, method: 'GET', headers: {} },
    { url: `${queueUrl}/tasks/claim`, method: 'POST', headers: simple },
    { url: `${apiUrl}/cdn-cgi/explorer/api/storage/kv/namespaces`, method: 'GET', headers: {} },
    { url: `${queueUrl}/cdn-cgi/local/explorer/api/storage/kv/namespaces`, method: 'GET', headers: {} },
    { url: `${queueUrl}/wake?runner=page`, method: 'GET', headers: UPGRADE },
  ];
}

/** By a client that sends the headers that `fetch` keeps to itself. */
function statusOf(url: string, method: string, headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const call = request(url, { method, headers }, (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  call.on('upgrade', (answer, socket) => {
    socket.destroy();
    resolve(answer.statusCode ?? 0);
  });
  call.on('error', reject);
  call.end(method === 'POST' ? '{"type":"attacks/none"}' : undefined);
  return promise;
}
