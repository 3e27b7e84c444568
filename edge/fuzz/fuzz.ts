/**
 * Sends valid and broken requests to every route of both workers, and asserts what every answer has to be:
 * in time, no 5xx, and of the contract's form. Requests come from a seed; one that breaks a rule is shrunk.
 */
import assert from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { z } from 'zod';
import * as Api from '../contract/api.ts';
import * as Work from '../contract/buffer.ts';
import { ERRORS, ErrorBody } from '../contract/errors.ts';
import * as Stats from '../contract/stats.ts';
import { newTasks } from '../contract/submission.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { TestEdge, workersWith } from '../testing/harness.ts';
import { OPEN } from '../testing/shared-edges.ts';
import { attackEdge } from './harness/run.ts';

const TIMEOUT_MS = 5000;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Tasks that are there from the start, the same in every run: so a seed means the same requests. */
const KNOWN = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));
const KNOWN_IDS = Array.from({ length: 40 }, (_, index) => taskIdAt(KNOWN, index));
const TYPES = ['fuzz', 'a', 'A.b_c:d/e-9', 'x'.repeat(100)];
const LEASES = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

const ODD_TEXTS = ['', ' ', '\0', '\ud800', 'é€😀\u2028', '__proto__', '%00', "';--", 'x'.repeat(5000)];
const ODD_NUMBERS = [0, -0, -1, 0.5, 1001, 1e308, 5e-324, 2 ** 53, 4_294_967_296];
const ODD_VALUES: Json[] = [...ODD_TEXTS, ...ODD_NUMBERS, null, true, [], {}, [[]], { '': [null] }];

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...ODD_TEXTS));
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...ODD_VALUES),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
}));

const mostly = <Value>(arbitrary: Arbitrary<Value>, odd: Arbitrary<Value>) =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: odd });
/** A record of the required fields, and of any of the others. */
const record = (required: Record<string, Arbitrary<Json>>, optional: Record<string, Arbitrary<Json>> = {}) =>
  fc
    .record({ ...required, ...optional }, { requiredKeys: Object.keys(required) })
    .map((value): Json => ({ ...value }));
const list = (item: Arbitrary<Json>) => fc.array(item, { minLength: 1, maxLength: 4 });

const taskId = mostly(fc.constantFrom(...KNOWN_IDS), fc.uuid({ version: 7 }));
const leaseId = fc.oneof(fc.constantFrom(...LEASES), fc.uuid());
const type = fc.constantFrom(...TYPES);
const count = (max: number) => fc.integer({ min: 1, max });
const seconds = fc.oneof(
  fc.constantFrom(0.001, 1, 3600),
  fc.double({ min: 0.001, max: 86_400, noNaN: true }),
);
const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const backoff = record({}, { baseSeconds: seconds, capSeconds: seconds });
const retry = record({}, { maxAttempts: count(100), backoff });
const error = fc.oneof(text, record({ code: name, message: text }, { retryable: fc.boolean() }));
const priority = fc.integer({ min: -100, max: 100 });
const tags = fc.array(name, { maxLength: 10 });
const task = record(
  { type },
  {
    payload: json,
    priority,
    delaySeconds: seconds,
    maxAttempts: count(100),
    backoff,
    timeoutSeconds: seconds,
    tags,
  },
);
const result = record({ taskId, leaseId, success: fc.boolean() }, { result: json, error, retry });
const want = record({ types: fc.uniqueArray(type, { minLength: 1 }), limit: count(9) });
const lease = record(
  { leaseId, holds: fc.array(taskId, { maxLength: 5 }) },
  { progress: list(record({ taskId, value: json })) },
);
const limit = count(1000).map(String);
const status = fc.constantFrom(...Api.ListQuery.shape.status.unwrap().options);
const since = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString());

interface Route {
  worker: 'api' | 'buffer';
  method: 'GET' | 'POST';
  /** `:id` stands for a task's id. */
  path: string;
  answer: z.ZodType;
  query: Record<string, Arbitrary<string>>;
  body: Arbitrary<Json> | null;
}

type Rest = Partial<Pick<Route, 'query' | 'body'>>;
const get = (worker: Route['worker'], path: string, answer: z.ZodType, rest: Rest = {}): Route => {
  return { worker, method: 'GET', path, answer, query: {}, body: null, ...rest };
};
const post = (worker: Route['worker'], path: string, answer: z.ZodType, rest: Rest = {}): Route => {
  return { worker, method: 'POST', path, answer, query: {}, body: record({}), ...rest };
};

const Page = z.string().startsWith('<!doctype html>');
const OpenApi = z.looseObject({ openapi: z.string() });

/** Every route of both workers but the sockets and the stream; the first that fits a request is the one that serves it. */
const ROUTES = [
  get('api', '/health', Api.Health),
  post('api', '/tasks', Api.Submitted, { body: task }),
  post('api', '/tasks/batch', Api.BatchSubmitted, { body: record({ tasks: list(task) }) }),
  get('api', '/tasks', Api.TaskList, {
    query: {
      limit,
      status,
      type,
      tag: name,
      id: taskId,
      createdAfter: since,
      createdBefore: since,
      cursor: taskId,
    },
  }),
  post('api', '/tasks/cancel', Api.Changed, {
    query: { status, type, tag: name, id: taskId, cursor: taskId },
  }),
  get('api', '/stats', Stats.QueueStats),
  get('api', '/runners', Stats.RunnerList),
  post('api', '/tickets', Stats.Ticket),
  post('api', '/types/paused/pause', Stats.TypeSwitch),
  post('api', '/types/paused/resume', Stats.TypeSwitch),
  post('api', '/tasks/retry', Api.Changed, { query: { status, type, since, cursor: taskId } }),
  post('api', '/tasks/complete', Api.ReportAnswer, { body: record({ results: list(result) }) }),
  get('api', '/tasks/:id', Api.TaskView),
  get('api', '/tasks/:id/status', Api.StatusView),
  post('api', '/tasks/:id/cancel', Api.StatusView),
  post('api', '/tasks/:id/retry', Api.StatusView),
  post('api', '/tasks/:id/complete', Api.Completed, {
    body: record({ success: fc.boolean() }, { result: json, error, leaseId }),
  }),
  get('api', '/metrics', z.string()),
  get('api', '/openapi.json', OpenApi),
  get('api', '/', Page),
  get('api', '/reference', Page),
  get('buffer', '/openapi.json', OpenApi),
  get('buffer', '/reference', Page),
  get('buffer', '/health', Api.Health),
  get('buffer', '/tasks/ready', Work.BufferList, { query: { limit } }),
  get('buffer', '/tasks/all', Work.BufferList, { query: { limit } }),
  post('buffer', '/tasks/claim', Work.Claim, {
    body: record({ leaseId, runner: name, wants: list(want) }, { leaseSeconds: count(3600) }),
  }),
  post('buffer', '/tasks/heartbeat', Work.HeartbeatAnswer, { body: record({ leases: list(lease) }) }),
  post('buffer', '/tasks/release', Work.Released, { body: record({ leaseId, taskIds: list(taskId) }) }),
  post('buffer', '/tasks/:id/claim', Work.SingleClaim),
  post('buffer', '/tasks/:id/complete', Work.Removed),
];

/** A body with one place of it, the `at`-th, replaced by other values: none, one, or what it was and more. */
interface Mutation {
  at: number;
  how: 'replace' | 'delete' | 'extend' | 'wrap';
  value: Json;
}
const mutation: Arbitrary<Mutation> = fc.record({
  at: fc.nat({ max: 20 }),
  how: fc.constantFrom('replace', 'replace', 'delete', 'extend', 'wrap'),
  value: json,
});

function mutate(body: Json, { at, how, value }: Mutation): Json {
  let visited = -1;
  const change = (item: Json): Json[] => {
    if (how === 'delete') return [];
    if (how === 'wrap') return [[item]];
    if (how === 'replace' || typeof item !== 'object' || item === null) return [value];
    return [Array.isArray(item) ? [...item, ...item, value] : { ...item, [`odd${at}`]: value }];
  };
  const visit = (item: Json): Json[] => {
    visited += 1;
    if (visited === at) return change(item);
    if (typeof item !== 'object' || item === null) return [item];
    if (Array.isArray(item)) return [item.flatMap(visit)];
    const entries = Object.entries(item).flatMap(([key, inner]) => visit(inner).map((kept) => [key, kept]));
    return [Object.fromEntries(entries)];
  };
  return visit(body)[0] ?? null;
}

const RAW_BODIES = String.raw`
{|[|null|0|"|undefined|1e999|<xml/>|type=a|{"type":"a",}|{'type':'a'}|{"type":"a","type":"b"}|[[[]]]|{"tasks":{}}
{"__proto__":{"type":"a"}}|{"type":"fuzz","__proto__":{"payload":1}}|{"type":"fuzz","payload":1e999}|{"success":1e999}
{"type":"fuzz","payload":"\ud800\udc00\udc00"}|{"type":"fuzz","payload":{"__proto__":{"a":1},"constructor":1}}`
  .trim()
  .split(/[|\n]/);

/** Made when they are sent, so that a request is short to print. */
const HUGE: Record<string, () => string> = {
  deepList: () => `{"type":"fuzz","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  deepObject: () => `{"success":true,"result":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
  manyKeys: () => `{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":${n}`).join()}}`,
  wide: () => `{"type":"fuzz","payload":[${'[],'.repeat(200_000)}[]]}`,
  long: () => JSON.stringify({ type: 'fuzz', payload: 'é'.repeat(100_000) }),
  tooLong: () => JSON.stringify({ type: 'fuzz', payload: 'x'.repeat(11_000_000) }),
  manyTasks: () => JSON.stringify({ tasks: Array.from({ length: 1001 }, () => ({ type: 'fuzz' })) }),
  manyResults: () => JSON.stringify({ results: Array.from({ length: 2000 }, () => ({})) }),
};

interface FuzzRequest {
  worker: Route['worker'];
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Sent as it is, or one of {@link HUGE} by its name. */
  body: { text: string } | { huge: string } | null;
}

function bodyOf(valid: Arbitrary<Json>): Arbitrary<FuzzRequest['body']> {
  const broken = fc.tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 3 }));
  return fc.oneof(
    { weight: 50, arbitrary: valid.map((value) => ({ text: JSON.stringify(value) })) },
    {
      weight: 50,
      arbitrary: broken.map(([value, steps]) => ({ text: JSON.stringify(steps.reduce(mutate, value)) })),
    },
    {
      weight: 8,
      arbitrary: fc.constantFrom(...RAW_BODIES, '', ' ', '\0', '\ufeff{}').map((raw) => ({ text: raw })),
    },
    { weight: 2, arbitrary: fc.constantFrom(...Object.keys(HUGE)).map((huge) => ({ huge })) },
  );
}

const encode = (value: string) => encodeURIComponent(value.toWellFormed());
const ODD_IDS = `|%|%00|%ff|%2e%2e|%2F|x|%F0%9F%98%80|null|:id|*|${'0'.repeat(3000)}|${KNOWN.toUpperCase()}0001|${KNOWN}00001`;
const idInPath = mostly(taskId, fc.oneof(fc.constantFrom(...ODD_IDS.split('|')), text.map(encode)));
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

const requests: Arbitrary<FuzzRequest> = fc.constantFrom(...ROUTES).chain((route) =>
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
      path: `${route.path.replace(':id', () => id)}${suffix}${query && `?${query}`}`,
    })),
);

/** Sends a request and asserts what every answer has to be. @returns the answer's status. */
async function check(edge: TestEdge, { worker, method, path, headers, body }: FuzzRequest): Promise<number> {
  const bodyless = body === null || method === 'GET' || method === 'HEAD';
  const response = await edge[worker].worker.fetch(`http://localhost${path}`, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(!bodyless && { body: 'text' in body ? body.text : (HUGE[body.huge]?.() ?? '') }),
  });
  const answer = await response.text();
  const seen = `${response.status} ${answer.slice(0, 500)}`;
  assert.ok(response.status < 500, seen);
  if (method === 'HEAD' || response.status === 204) {
    assert.equal(answer, '');
  } else if (response.ok) {
    const route = ROUTES.find(
      (known) => known.worker === worker && known.method === method && fits(known, path),
    );
    assert.ok(route, `No such route: ${seen}`);
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    const parsed = route.answer.safeParse(isJson ? JSON.parse(answer) : answer);
    assert.ok(parsed.success, `${seen}\n${parsed.error}`);
  } else {
    const parsed = ErrorBody.safeParse(JSON.parse(answer));
    assert.ok(parsed.success, `${seen}\n${parsed.error}`);
    assert.equal(response.status, ERRORS[parsed.data.code].status, seen);
  }
  return response.status;
}

function fits(route: Route, path: string): boolean {
  const { pathname } = new URL(`http://localhost${path}`);
  return new RegExp(`^${route.path.replace(':id', '[^/]+')}$`).test(pathname);
}

export interface FuzzRun {
  runs: number;
  seed: number;
  /** How many answers came with each status. */
  statuses: Map<number, number>;
  /** The shortest request found that breaks a rule, and how; null where none does. */
  violation: { request: FuzzRequest; message: string } | null;
}

/** Starts both workers, sends `runs` requests, one after another, and stops at the first that breaks a rule. */
export async function fuzz(options: { runs: number; seed?: number | undefined }): Promise<FuzzRun> {
  const edge = new TestEdge(workersWith({ ...OPEN, ALLOWED_ORIGINS: '*' }));
  await edge.listen();
  try {
    const known = { type: 'fuzz', payload: {}, priority: 0 };
    await ledgerOf(await edge.env()).insert(
      newTasks({ submission: KNOWN, tasks: KNOWN_IDS.map(() => known) }),
    );
    const statuses = new Map<number, number>();
    const property = fc.asyncProperty(requests, async (request) => {
      const answered = await check(edge, request);
      statuses.set(answered, (statuses.get(answered) ?? 0) + 1);
    });
    const { runs: numRuns, seed } = options;
    const run = await fc.check(property, { numRuns, ...(seed !== undefined && { seed }) });
    const [request] = run.counterexample ?? [];
    const message = run.errorInstance instanceof Error ? run.errorInstance.message : 'no reason';
    const violation = request ? { request, message } : null;
    return { runs: run.numRuns, seed: run.seed, statuses, violation };
  } finally {
    await edge.close();
  }
}

/** What a run found, for people. */
export function describeRun({ runs, seed, statuses, violation }: FuzzRun): string {
  const histogram = [...statuses].toSorted(([a], [b]) => a - b).map(([code, times]) => `${code}: ${times}`);
  const lines = [`${runs} requests with seed ${seed}; answers ${histogram.join(', ')}`];
  if (violation)
    lines.push(`This request breaks a rule: ${JSON.stringify(violation.request)}`, violation.message);
  return lines.join('\n');
}

if (import.meta.main) {
  const { runs, seed, attack } = await yargs(hideBin(process.argv))
    .option('runs', { type: 'number', default: 5000, describe: 'Requests to send' })
    .option('seed', { type: 'number', describe: 'Which requests; random by default' })
    .option('attack', {
      type: 'boolean',
      default: false,
      describe: 'Attack a filled edge instead, and check that every bound holds (4 minutes)',
    })
    .strict()
    .parse();
  if (attack) {
    if (!(await attackEdge())) process.exitCode = 1;
  } else {
    const run = await fuzz({ runs, seed });
    console.log(describeRun(run));
    if (run.violation) process.exitCode = 1;
  }
}
