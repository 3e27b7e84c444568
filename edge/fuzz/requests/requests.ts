import fc, { type Arbitrary } from 'fast-check';
import { isTaskId } from '../../contract/task-id.ts';
import { type Body, bodyOf } from './bodies.ts';
import { taskId } from './fields.ts';
import { KNOWN } from './known.ts';
import { ROUTES, type Route } from './routes.ts';
import { mostly, text } from './values.ts';

export interface FuzzRequest {
  worker: Route['worker'];
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Body;
}

const encode = (value: string) => encodeURIComponent(value.toWellFormed());
const ODD_IDS = `|%|%00|%ff|%2e%2e|%2F|x|%F0%9F%98%80|null|:id|*|${'0'.repeat(3000)}|${KNOWN.toUpperCase()}0001|${KNOWN}00001`;
const idInPath = mostly(taskId, fc.oneof(fc.constantFrom(...ODD_IDS.split('|')), text.map(encode)));
/** Usually the same schedule. */
const scheduleOf = (id: string) => (isTaskId(id) ? 'fuzz' : id);
const ODD_QUERIES =
  'limit|limit=|limit=1&limit=x|%|%00=1|limit=%ff|__proto__=1|status=|cursor=|&&=|type=a&type=b';
const queryOf = (query: Route['query']): Arbitrary<string> =>
  mostly(
    fc
      .record(Object.fromEntries(Object.entries(query).map(([key, value]) => [key, mostly(value, text)])), {
        requiredKeys: [],
      })
      .map((fields) =>
        Object.entries(fields)
          .map(([key, value = '']) => `${key}=${encode(value)}`)
          .join('&'),
      ),
    fc.constantFrom(...ODD_QUERIES.split('|')),
  );
const byteText = fc
  .array(
    fc.constantFrom(
      ...Array.from({ length: 0xff - 0x20 }, (_, n) => n + 0x20).filter((code) => code !== 0x7f),
    ),
  )
  .map((codes) => String.fromCharCode(...codes));
const headers = fc.dictionary(
  fc.constantFrom(
    'Idempotency-Key',
    'Submission-Id',
    'Content-Type',
    'Accept',
    'Authorization',
    'Origin',
    'Range',
    'If-None-Match',
    'X-Odd',
  ),
  fc.oneof(
    byteText,
    fc.constantFrom('key', 'text/plain', 'application/json;charset=utf-16', 'bytes=0-1', '*'),
  ),
  { maxKeys: 3 },
);
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND', 'PURGE'];

export const requests: Arbitrary<FuzzRequest> = fc.constantFrom(...ROUTES).chain((route) =>
  fc
    .record({
      worker: mostly(fc.constant(route.worker), fc.constantFrom('api', 'buffer')),
      method: mostly(fc.constant<string>(route.method), fc.constantFrom(...METHODS)),
      id: idInPath,
      suffix: mostly(fc.constant(''), fc.constantFrom('/', '/x', '//', '/%2e%2e', ';a=b', '#', '.json')),
      query: queryOf(route.query),
      headers: mostly(fc.constant({}), headers),
      body: route.body ? bodyOf(route.body) : fc.constant(null),
    })
    .map(({ id, suffix, query, ...request }) => ({
      ...request,
      path: `${route.path.replace(':id', () => id).replace(':name', () => scheduleOf(id))}${suffix}${query && `?${query}`}`,
    })),
);
