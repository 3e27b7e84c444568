import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type Got, RequestError } from 'got';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { Health, ReportAnswer } from '../../edge/contract/api.ts';
import {
  type ClaimRequest,
  HeartbeatAnswer,
  type HeartbeatRequest,
  Released,
  type ReleaseRequest,
} from '../../edge/contract/buffer.ts';
import { ERRORS, ErrorBody } from '../../edge/contract/errors.ts';
import { originOf, parseJson } from '../../edge/contract/text.ts';
import { type ClaimAnswer, readClaim } from './claim-answer.ts';
import { keepSpareFiles, useSpareFiles } from './spare-files.ts';

/** The calls of a runner to the edge. */
export const EDGE_CALLS = ['health', 'claim', 'heartbeat', 'release', 'report', 'wake'] as const;
export type EdgeCall = (typeof EDGE_CALLS)[number];

const PATHS = {
  health: '/health',
  claim: '/tasks/claim',
  heartbeat: '/tasks/heartbeat',
  release: '/tasks/release',
  report: '/tasks/complete',
} as const satisfies Partial<Record<EdgeCall, string>>;

/** A failed call to the edge. The message names the worker, the reason, and what to check. */
export class EdgeError extends Error {
  override readonly name = 'EdgeError';
  readonly call: EdgeCall;
  /** The request itself is wrong, so the edge would refuse it again. */
  readonly permanent: boolean;

  constructor(
    call: EdgeCall,
    message: string,
    { permanent = false, cause }: { permanent?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.call = call;
    this.permanent = permanent;
  }
}

/** The timeout of a call, and the signal that interrupts it. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** A worker that the runner calls, and the setting with its URL. */
interface EdgeWorker {
  readonly name: string;
  readonly service: string;
  readonly url: string;
  readonly setting: string;
}

export interface EdgeClientOptions {
  readonly queueUrl: string;
  readonly apiUrl: string;
  readonly token?: string | undefined;
  /** A call succeeded after this number of milliseconds. */
  readonly onAnswered?: (call: EdgeCall, ms: number) => void;
}

/** Reads the body of an answer. Returns undefined if the worker does not send such an answer. */
type Reader<Answer> = (body: Uint8Array) => Answer | undefined;

const REQUEST_TIMEOUT_MS = 30_000;
const decoder = new TextDecoder();

/**
 * The calls of a runner. They are not retried here, because only the callers know the effect of a retry.
 * A failed call throws an {@link EdgeError}.
 */
export class EdgeClient {
  readonly #buffer: EdgeWorker;
  readonly #api: EdgeWorker;
  readonly #got: Got;
  readonly #authorization: { authorization?: string };
  readonly #onAnswered: (call: EdgeCall, ms: number) => void;

  constructor({ queueUrl, apiUrl, token, onAnswered = () => {} }: EdgeClientOptions) {
    this.#onAnswered = onAnswered;
    const base = { queue: queueUrl.replace(/\/+$/, ''), api: apiUrl.replace(/\/+$/, '') };
    this.#buffer = {
      name: 'Consumer Worker',
      service: 'queue-buffer-v2',
      url: base.queue,
      setting: '--queue-url (QUEUE_WORKER_URL)',
    };
    this.#api = {
      name: 'API Worker',
      service: 'task-api-v2',
      url: base.api,
      setting: '--api-url (API_WORKER_URL)',
    };
    this.#authorization = token ? { authorization: `Bearer ${token}` } : {};
    this.#got = got.extend({
      retry: { limit: 0 },
      throwHttpErrors: false,
      // The address that a redirect names must get no tasks and no results.
      followRedirect: false,
      agent: { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) },
      headers: { 'content-type': 'application/json', ...this.#authorization },
    });
  }

  claim(request: ClaimRequest, options: CallOptions): Promise<ClaimAnswer> {
    return this.#post(this.#buffer, 'claim', JSON.stringify(request), readClaim, options);
  }

  heartbeat(request: HeartbeatRequest, options: CallOptions): Promise<HeartbeatAnswer> {
    return this.#post(this.#buffer, 'heartbeat', JSON.stringify(request), readerOf(HeartbeatAnswer), options);
  }

  async release(request: ReleaseRequest, options: CallOptions): Promise<void> {
    await this.#post(this.#buffer, 'release', JSON.stringify(request), readerOf(Released), options);
  }

  /** @param body the JSON text of a `ReportRequest`, because its results are already JSON text. */
  report(body: string, options: CallOptions): Promise<z.output<typeof ReportAnswer>> {
    return this.#post(this.#api, 'report', body, readerOf(ReportAnswer), options);
  }

  /** Starts to open the wake socket of a runner. Its events report the outcome. */
  connectWake(runner: string): WebSocket {
    const url = `${this.#buffer.url.replace(/^http/, 'ws')}/wake?${new URLSearchParams({ runner })}`;
    return new WebSocket(url, { headers: this.#authorization, handshakeTimeout: REQUEST_TIMEOUT_MS });
  }

  /** The error that describes why the wake socket is not open. */
  wakeClosed(reason: string): EdgeError {
    return new EdgeError(
      'wake',
      `The wake socket of the ${this.#buffer.name} at ${this.#buffer.url} is not open (${reason}): the runner finds work by polling until it is`,
    );
  }

  queueHealth(options: CallOptions): Promise<Health> {
    return this.#health(this.#buffer, options);
  }

  apiHealth(options: CallOptions): Promise<Health> {
    return this.#health(this.#api, options);
  }

  async #health(worker: EdgeWorker, options: CallOptions): Promise<Health> {
    const health = await this.#call(worker, 'health', { method: 'GET' }, readerOf(Health), options);
    if (health.service === worker.service) return health;
    throw new EdgeError(
      'health',
      `${worker.url} answers as ${health.service}, expected ${worker.service}: check ${worker.setting}`,
    );
  }

  #post<Answer>(
    worker: EdgeWorker,
    call: keyof typeof PATHS,
    body: string,
    read: Reader<Answer>,
    options: CallOptions,
  ): Promise<Answer> {
    return this.#call(worker, call, { method: 'POST', body }, read, options);
  }

  async #call<Answer>(
    worker: EdgeWorker,
    call: keyof typeof PATHS,
    request: { method: 'GET' } | { method: 'POST'; body: string },
    read: Reader<Answer>,
    { timeoutMs = REQUEST_TIMEOUT_MS, signal }: CallOptions,
  ): Promise<Answer> {
    const path = PATHS[call];
    const sentAt = performance.now();
    const response = await this.#got(`${worker.url}${path}`, {
      ...request,
      responseType: 'buffer',
      // Compression saves time over a network, but costs time within one machine.
      decompress: !isLocal(worker.url),
      signal,
      timeout: { request: timeoutMs },
    }).catch((error: unknown) => {
      useSpareFiles();
      throw unreachable(worker, call, error);
    });
    const { statusCode, body, headers } = response;
    if (statusCode >= 300 && statusCode < 400) throw redirected(worker, call, statusCode, headers.location);
    if (statusCode >= 400) throw refused(worker, call, statusCode, body);
    const answer = read(body);
    if (answer !== undefined) {
      keepSpareFiles();
      this.#onAnswered(call, performance.now() - sentAt);
      return answer;
    }
    throw new EdgeError(
      call,
      `${worker.url}${path} does not answer like the ${worker.name}: check ${worker.setting}`,
    );
  }
}

function readerOf<Schema extends z.ZodType>(schema: Schema): Reader<z.output<Schema>> {
  return (body) => schema.safeParse(parseJson(decoder.decode(body))).data;
}

function isLocal(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}

function unreachable(worker: EdgeWorker, call: EdgeCall, error: unknown): EdgeError {
  const reason = error instanceof RequestError ? error.code : String(error);
  return new EdgeError(
    call,
    `The ${worker.name} at ${worker.url} does not answer (${reason}): check ${worker.setting}`,
    {
      cause: error,
    },
  );
}

/**
 * The calls that a redirect ends. The others are retried: a report that is refused for good would fail its task,
 * and a redirect of the edge is not the task's fault.
 */
const ENDED_BY_REDIRECT: readonly EdgeCall[] = ['health', 'claim'];

function redirected(
  worker: EdgeWorker,
  call: keyof typeof PATHS,
  status: number,
  location: string | undefined,
): EdgeError {
  const origin = originOf(location, worker.url);
  return new EdgeError(
    call,
    `The ${worker.name} at ${worker.url} answered ${status} to ${PATHS[call]}, a redirect${origin && ` to ${origin}`}, and the runner follows no redirects: correct ${worker.setting}`,
    { permanent: ENDED_BY_REDIRECT.includes(call) },
  );
}

/** The body of an error answer. The edge may know more codes than this runner. */
const RefusalBody = ErrorBody.extend({ code: z.string() });

function refused(
  worker: EdgeWorker,
  call: keyof typeof PATHS,
  status: number,
  answer: Uint8Array,
): EdgeError {
  const place = `The ${worker.name} at ${worker.url} answered ${status} to ${PATHS[call]}`;
  const body = readerOf(RefusalBody)(answer);
  if (!body) return new EdgeError(call, `${place} with an unexpected body: check ${worker.setting}`);
  const advice = status === 401 || status === 403 ? '; check --token (RUNNER_TOKEN)' : '';
  const permanent = isPermanent(status, body.code);
  return new EdgeError(call, `${place}: ${body.error}${advice}`, { permanent });
}

/** 4xx statuses that may pass: the token may be replaced, or the edge may have more time or capacity later. */
const PASSING = [401, 403, 408, 425, 429];

/** Whether the edge would refuse the same request again. */
function isPermanent(status: number, code: string): boolean {
  if (Object.hasOwn(ERRORS, code)) return status === 400 || status === 413;
  return status >= 400 && status < 500 && !PASSING.includes(status);
}
