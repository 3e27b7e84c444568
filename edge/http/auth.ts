import type { Context, MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { timingSafeEqual } from 'hono/utils/buffer';
import { sha256 } from 'hono/utils/crypto';
import { BEARER_TOKEN, TOKEN_CHARACTERS } from '../contract/text.ts';
import { ApiError } from './errors.ts';

/** Token lists are separated by commas, so that a new token can be added before the old one is removed. */
export interface AuthEnv {
  /** For clients: submit, read, cancel, retry. */
  API_TOKENS?: string;
  /** For runners: claim, heartbeat, release, complete. */
  RUNNER_TOKENS?: string;
  /** `off` allows all calls without a token, for development on one machine. */
  AUTH?: string;
  /** Counts the requests of each client token; runners are not counted. */
  RATE_LIMITER?: RateLimit;
}

export type Scope = 'client' | 'runner';

const VARIABLES = { client: 'API_TOKENS', runner: 'RUNNER_TOKENS' } as const;

/** Responds with 503 to all calls while no token is configured. */
export const requireConfiguration: MiddlewareHandler<{ Bindings: AuthEnv }> = async (c, next) => {
  if (c.env.AUTH !== 'off') expectTokens(c.env, ['client', 'runner']);
  await next();
};

/**
 * Accepts requests with a token of one of the scopes. An unknown token gets 401, and a token of another scope
 * gets 403. If no token of these scopes is configured, every request gets 503.
 */
export function requireToken<Env extends AuthEnv>(...scopes: Scope[]): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    if (c.env.AUTH === 'off') return next();
    expectTokens(c.env, scopes);
    return bearerAuth<{ Bindings: Env }>({
      verifyToken: (token) => verify(c.env, token, scopes),
      noAuthenticationHeader: {
        message: refuse('Expected the header `Authorization: Bearer TOKEN`, got none'),
      },
      invalidAuthenticationHeader: {
        message: refuse(
          `Expected the header \`Authorization: Bearer TOKEN\`, got another form; a token has only ${TOKEN_CHARACTERS}`,
        ),
      },
      invalidToken: { message: refuse('This token is not valid') },
    })(c, next);
  };
}

/** The token that a request carries in its header. */
export function tokenOf(c: Context): string | undefined {
  return c.req.header('Authorization')?.trim().split(/\s+/).at(-1);
}

/** A name for a request's token that does not reveal it. While `AUTH` is `off`, all requests have one name. */
export async function tokenName<Env extends AuthEnv>(c: Context<{ Bindings: Env }>): Promise<string> {
  if (c.env.AUTH === 'off') return '';
  return String(await sha256(tokenOf(c) ?? ''));
}

async function verify(env: AuthEnv, token: string, scopes: Scope[]): Promise<boolean> {
  const own = await scopesOf(env, token);
  if (own.length === 0) return false;
  if (!scopes.some((scope) => own.includes(scope))) {
    throw new ApiError(
      'forbidden',
      `This call takes a token of ${scopes.map((scope) => VARIABLES[scope]).join(' or ')}`,
    );
  }
  if (!own.includes('runner')) await countRequest(env, token);
  return true;
}

/** The scopes of a token. It is compared with every configured token, in constant time. */
async function scopesOf(env: AuthEnv, token: string): Promise<Scope[]> {
  const scopes: Scope[] = [];
  for (const scope of ['client', 'runner'] as const) {
    for (const configured of tokensOf(env, scope)) {
      if (await timingSafeEqual(configured, token)) scopes.push(scope);
    }
  }
  return scopes;
}

/** @throws {ApiError} 429 if the token has made too many requests. */
export async function countRequest(env: AuthEnv, token: string): Promise<void> {
  const key = await sha256(token);
  const { success } = (await env.RATE_LIMITER?.limit({ key: String(key) })) ?? { success: true };
  if (!success)
    throw new ApiError('rate_limited', 'Too many requests with this token; wait a minute, or send batches');
}

/** @throws {ApiError} 503 if no token of these scopes is configured, or none that a request can have. */
export function expectTokens(env: AuthEnv, scopes: Scope[]): void {
  if (scopes.some((scope) => tokensOf(env, scope).length > 0)) return;
  const names = scopes.map((scope) => VARIABLES[scope]).join(' or ');
  const isSet = scopes.some((scope) => listOf(env, scope).length > 0);
  throw new ApiError(
    'not_configured',
    isSet
      ? `No token in the secret ${names} of this worker can be used: a token has only ${TOKEN_CHARACTERS}`
      : `This worker has no token yet: set the secret ${names}`,
  );
}

function refuse(message: string): () => never {
  return () => {
    throw new ApiError('unauthorized', message);
  };
}

/** The configured tokens of a scope, without those that no request can have. */
export function tokensOf(env: AuthEnv, scope: Scope): string[] {
  return listOf(env, scope).filter((token) => BEARER_TOKEN.test(token));
}

function listOf(env: AuthEnv, scope: Scope): string[] {
  const list = env[VARIABLES[scope]] ?? '';
  return list
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}
