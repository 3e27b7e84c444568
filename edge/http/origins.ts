import type { MiddlewareHandler } from 'hono';
import type { AuthEnv } from './auth.ts';
import { ApiError, shortened } from './errors.ts';

export interface OriginEnv {
  /**
   * Origins whose pages may call this worker, separated by commas; `*` for all. None by default. While `AUTH` is
   * `off`, the worker also answers under the names of these origins.
   */
  ALLOWED_ORIGINS?: string;
}

const ALL = '*';

/** The origin that an answer's CORS header names: its page may read the answer. */
export function readableBy(env: OriginEnv, origin: string): string | null {
  const allowed = allowedOrigins(env);
  if (allowed.includes(ALL)) return ALL;
  return allowed.includes(origin) ? origin : null;
}

/** The names of a machine for itself; no name server answers for them. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * While `AUTH` is `off`, refuses what another page or another machine has sent: a page may send requests to a
 * server of its visitor's machine, and under a name that resolves to that machine it may read the answers.
 */
export const requireLocal: MiddlewareHandler<{ Bindings: AuthEnv & OriginEnv }> = async (c, next) => {
  if (c.env.AUTH === 'off') expectLocal(c.req.raw, allowedOrigins(c.env));
  await next();
};

function expectLocal(request: Request, allowed: readonly string[]): void {
  if (allowed.includes(ALL)) return;
  const { host, hostname, origin: own } = new URL(request.url);
  if (!LOOPBACK.includes(hostname) && !allowed.some((origin) => hostOf(origin) === host)) {
    throw foreign(`This worker has no tokens, so it answers under localhost only, not under ${shown(host)}`);
  }
  const origin = request.headers.get('Origin');
  if (origin === null ? isFromElsewhere(request) : origin !== own && !allowed.includes(origin)) {
    const page = origin === null ? 'pages of other origins' : `pages of ${shown(origin)}`;
    throw foreign(`This worker has no tokens, so it answers its own pages only, not ${page}`);
  }
}

/**
 * Whether a browser says that a request without an origin comes from another page, as that of an image does. A
 * person may follow a link from anywhere.
 */
function isFromElsewhere({ method, headers }: Request): boolean {
  const site = headers.get('Sec-Fetch-Site') ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  const isLink = headers.get('Sec-Fetch-Mode') === 'navigate' && headers.get('Sec-Fetch-Dest') === 'document';
  return !isLink || (method !== 'GET' && method !== 'HEAD');
}

function foreign(sentence: string): ApiError {
  return new ApiError('foreign_origin', `${sentence}: name that origin in ALLOWED_ORIGINS to allow it`);
}

const shown = (text: string) => shortened(text, 100);

function allowedOrigins({ ALLOWED_ORIGINS = '' }: OriginEnv): string[] {
  return ALLOWED_ORIGINS.split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}
