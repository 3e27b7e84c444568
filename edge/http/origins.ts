import type { MiddlewareHandler } from 'hono';
import type { AuthEnv } from './auth.ts';
import { ApiError, shortened } from './errors.ts';

export interface OriginEnv {
  /**
   * Origins whose pages may call this worker, separated by commas; `*` for all. None by default. While `AUTH` is
   * `off`, the worker also accepts requests to the host names of these origins.
   */
  ALLOWED_ORIGINS?: string;
}

const ALL = '*';

/** The origin for the CORS header of a response: pages of this origin may read the response. */
export function readableBy(env: OriginEnv, origin: string): string | null {
  const allowed = allowedOrigins(env);
  if (allowed.includes(ALL)) return ALL;
  return allowed.includes(origin) ? origin : null;
}

/** The names that a machine uses for itself. They are not resolved by DNS, so they cannot point elsewhere. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * While `AUTH` is `off`, refuses requests from other pages and other machines. A page can send requests to a
 * server on its visitor's machine. If its host name resolves to that machine, it can also read the responses.
 */
export const requireLocal: MiddlewareHandler<{ Bindings: AuthEnv & OriginEnv }> = async (c, next) => {
  if (c.env.AUTH === 'off') expectLocal(c.req.raw, allowedOrigins(c.env));
  await next();
};

function expectLocal(request: Request, allowed: readonly string[]): void {
  if (allowed.includes(ALL)) return;
  const { host, hostname, origin: own } = new URL(request.url);
  if (!LOOPBACK.includes(hostname) && !allowed.some((origin) => hostOf(origin) === host)) {
    throw foreign(
      `This worker has no tokens, so it accepts requests to localhost only, not to ${shown(host)}`,
    );
  }
  const origin = request.headers.get('Origin');
  if (origin === null ? isFromElsewhere(request) : origin !== own && !allowed.includes(origin)) {
    const page = origin === null ? 'pages of other origins' : `pages of ${shown(origin)}`;
    throw foreign(
      `This worker has no tokens, so it accepts requests only from its own pages, not from ${page}`,
    );
  }
}

/**
 * Whether the headers of a browser show that a request without an origin comes from another page, for example
 * the request for an image. Links from other pages are allowed.
 */
function isFromElsewhere({ method, headers }: Request): boolean {
  const site = headers.get('Sec-Fetch-Site') ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  const isLink = headers.get('Sec-Fetch-Mode') === 'navigate' && headers.get('Sec-Fetch-Dest') === 'document';
  return !isLink || (method !== 'GET' && method !== 'HEAD');
}

function foreign(sentence: string): ApiError {
  return new ApiError('foreign_origin', `${sentence}: add that origin to ALLOWED_ORIGINS to allow it`);
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
