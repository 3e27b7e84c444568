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

/**
 * Lets requests pass that carry a token of one of the scopes. Where no token is configured nobody passes:
 * 503 says which variable to set.
 */
export function requireToken(...scopes: Scope[]): MiddlewareHandler<{ Bindings: AuthEnv }> {
  return async (c, next) => {
    if (c.env.AUTH === 'off') return next();
    const accepted = scopes.flatMap((scope) => tokensOf(c.env, scope));
    if (accepted.length === 0) {
      const names = scopes.map((scope) => VARIABLES[scope]).join(' or ');
      throw new ApiError('not_configured', `This worker has no token yet: set the secret ${names}`);
    }
    return authenticate(accepted, c, next);
  };
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
