import ky, { type KyInstance, type ResponsePromise } from 'ky';
import type { z } from 'zod';
import { BEARER_TOKEN, parseJson, TOKEN_CHARACTERS } from '../../edge/contract/text.ts';
import { TaskQueueError } from '../errors.ts';
import { failureOf, isPassing, unexpected } from './failures.ts';

/** How to reach the API Worker. */
export interface ConnectionOptions {
  /** The URL of the API Worker. */
  readonly url: string;
  /** One of its `API_TOKENS`. */
  readonly token?: string | undefined;
  /** Used instead of the global `fetch`, such as the `fetch` of a service binding. */
  readonly fetch?: ((input: string | URL | Request, init?: RequestInit) => Promise<Response>) | undefined;
}

export interface Call {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string | number | undefined>;
  readonly signal?: AbortSignal | undefined;
  /** Time limit of one attempt, in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether the call may be repeated after a temporary failure. Every GET may. */
  readonly repeatable?: boolean;
}

const TIMEOUT_MS = 30_000;
/** The slowest upload that the client allows for: a large body gets a longer time limit. */
const BYTES_PER_MS = 50;
const REPEATS = 3;
const MAX_RETRY_AFTER_MS = 5000;

/** Calls the API Worker. Each call rejects with a `TaskQueueError`, or with its signal's reason. */
export class Http {
  /** Without a slash at its end. */
  readonly url: string;
  readonly #ky: KyInstance;

  constructor({ url, token, fetch }: ConnectionOptions) {
    this.url = baseUrl(url);
    if (token !== undefined && !BEARER_TOKEN.test(token)) {
      throw new TypeError(`Expected \`token\` to have only ${TOKEN_CHARACTERS}`);
    }
    this.#ky = ky.create({
      // The address that a redirect names must get no payload, and no POST may become a GET.
      redirect: 'manual',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(fetch && { fetch }),
    });
  }

  /** Makes a call and reads its answer, checked by a schema of the contract. */
  async call<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    call: Call = {},
  ): Promise<z.output<Schema>> {
    const sent = this.#send(path, call);
    try {
      const { status } = await sent;
      const answer = schema.safeParse(parseJson(await sent.text()));
      if (answer.success) return answer.data;
      throw unexpected(this.url, path, status);
    } catch (error) {
      throw this.#failure(path, error, call.signal);
    }
  }

  /** Makes a call and returns the successful response with its body unread. */
  async open(path: string, call: Call = {}): Promise<Response> {
    try {
      return await this.#send(path, call);
    } catch (error) {
      throw this.#failure(path, error, call.signal);
    }
  }

  #send(path: string, call: Call): ResponsePromise {
    const { method = 'GET', body, headers, query, signal } = call;
    const { repeatable = method === 'GET', timeoutMs = TIMEOUT_MS + (body?.length ?? 0) / BYTES_PER_MS } =
      call;
    return this.#ky(`${this.url}${path}`, {
      method,
      timeout: timeoutMs,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body }),
      ...(query && { searchParams: query }),
      ...(signal && { signal }),
      retry: {
        limit: repeatable ? REPEATS : 0,
        methods: ['get', 'put', 'post', 'delete'],
        statusCodes: [500, 502, 503, 504],
        afterStatusCodes: [503],
        maxRetryAfter: MAX_RETRY_AFTER_MS,
        retryOnTimeout: true,
        jitter: true,
        shouldRetry: ({ error }) => (isPassing(error) ? undefined : false),
      },
    });
  }

  #failure(path: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return error instanceof TaskQueueError ? error : failureOf(this.url, path, error);
  }
}

function baseUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TypeError(
      `Expected \`url\`, the http or https URL of the API Worker, got ${JSON.stringify(url)}`,
    );
  }
  return url.replace(/\/+$/, '');
}
