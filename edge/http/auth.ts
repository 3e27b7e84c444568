import type { Context, MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { ApiError } from './errors.ts';

/** Lists of tokens, separated by commas, so that one can be added before the old one is removed. */
export interface AuthEnv {
  /** For clients: submit, read, cancel. */
  API_TOKENS?: string;
  /** For runners: claim, heartbeat, release, complete. */
  RUNNER_TOKENS?: string;
  /** `off` opens the worker to everyone: for development on one machine. */
  AUTH?: string;
}

export type Scope = 'client' | 'runner';

const VARIABLES = { client: 'API_TOKENS', runner: 'RUNNER_TOKENS' } as const;

/** Answers 503 to everything while no token is configured at all. */
export const requireConfiguration: MiddlewareHandler<{ Bindings: AuthEnv }> = async (c, next) => {
  if (c.env.AUTH !== 'off') expectTokens(c.env, ['client', 'runner']);
  await next();
};

/** Lets requests pass that carry a token of one of the scopes; where none is configured for them, 503. */
export function requireToken<Env extends AuthEnv>(...scopes: Scope[]): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    if (c.env.AUTH === 'off') return next();
    return authenticate(expectTokens(c.env, scopes), c, next);
  };
}

function expectTokens(env: AuthEnv, scopes: Scope[]): string[] {
  const tokens = scopes.flatMap((scope) => tokensOf(env, scope));
  if (tokens.length > 0) return tokens;
  const names = scopes.map((scope) => VARIABLES[scope]).join(' or ');
  throw new ApiError('not_configured', `This worker has no token yet: set the secret ${names}`);
}

const authenticate = (token: string[], c: Context, next: () => Promise<void>) =>
  bearerAuth({
    token,
    noAuthenticationHeader: {
      message: refuse('Expected the header `Authorization: Bearer TOKEN`, got none'),
    },
    invalidAuthenticationHeader: {
      message: refuse('Expected the header `Authorization: Bearer TOKEN`, got another form'),
    },
    invalidToken: { message: refuse('This token is not valid for this call') },
  })(c, next);

function refuse(message: string): () => never {
  return () => {
    throw new ApiError('unauthorized', message);
  };
}

function tokensOf(env: AuthEnv, scope: Scope): string[] {
  const list = env[VARIABLES[scope]] ?? '';
  return list
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}
