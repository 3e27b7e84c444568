import type { Context, MiddlewareHandler } from 'hono';
import { decode, sign, verify } from 'hono/jwt';
import { Ticket } from '../contract/stats.ts';
import { iso } from '../contract/time.ts';
import { type AuthEnv, countRequest, expectTokens, tokenOf, tokensOf } from './auth.ts';
import { ApiError } from './errors.ts';
import { ENDED_AT } from './examples.ts';
import type { RouteDescription } from './openapi.ts';
import { type TokenKey, tokenKey } from './token-key.ts';

declare module 'hono' {
  interface ContextVariableMap {
    openedBy: string;
  }
}

const TICKET_SECONDS = 60;
const ALGORITHM = 'HS256';
/** The scope of tokens that get tickets. */
const SCOPE = 'client';

export const GIVE_TICKET: RouteDescription = {
  name: 'giveTicket',
  summary: 'Create a ticket for a browser’s WebSocket or event stream, which cannot send headers',
  description:
    'Pass the ticket in the query parameter `ticket`. It is valid for one minute, as long as its token is configured. When that token is removed, the sockets and streams that the ticket opened close within two minutes.',
  tag: 'Queue',
  tokens: ['client'],
  answer: {
    status: 201,
    schema: Ticket,
    example: {
      ticket: 'eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo',
      expiresAt: ENDED_AT,
    },
  },
  errors: [],
};

/**
 * `POST /tickets`. A browser passes the ticket in the query of a socket or an event stream, because these cannot
 * send headers. The ticket opens only these, for a minute, so it may appear in an access log. It contains the
 * name of its token and is signed with a key of that token, so it becomes invalid when the token is removed.
 */
export async function giveTicket<Env extends AuthEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  const token = tokenOf(c);
  const { name, key } = await (token === undefined ? unusedKey() : tokenKey(token));
  const exp = Math.floor(Date.now() / 1000) + TICKET_SECONDS;
  const answer: Ticket = {
    ticket: await sign({ sub: name, exp }, key, ALGORITHM),
    expiresAt: iso(exp * 1000),
  };
  return c.json(answer, 201);
}

/** While `AUTH` is `off`, tickets are not checked. Such a ticket is not valid once `AUTH` is on. */
function unusedKey(): Promise<TokenKey> {
  return tokenKey(crypto.randomUUID());
}

/**
 * Accepts requests with a valid `?ticket=`. A request without one must pass `token`. `openedBy` then returns the
 * name of the token that the request used.
 */
export function ticketOr<Env extends AuthEnv>(
  token: MiddlewareHandler<{ Bindings: Env }>,
): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    const ticket = c.req.query('ticket');
    if (c.env.AUTH === 'off') {
      c.set('openedBy', '');
      return next();
    }
    if (ticket !== undefined) {
      c.set('openedBy', await checkTicket(c.env, ticket));
      return next();
    }
    return token(c, async () => {
      c.set('openedBy', (await tokenKey(tokenOf(c) ?? '')).name);
      await next();
    });
  };
}

/** The name of the token that a request to a route with `ticket` used; empty while `AUTH` is `off`. */
export function openedBy(c: Context): string {
  return c.get('openedBy');
}

/** The names of the configured client tokens; null while `AUTH` is `off`, because then every request passes. */
export async function configuredNames(env: AuthEnv): Promise<string[] | null> {
  if (env.AUTH === 'off') return null;
  const keys = await Promise.all(tokensOf(env, SCOPE).map(tokenKey));
  return keys.map(({ name }) => name);
}

/** @returns the name of the ticket's token. */
async function checkTicket(env: AuthEnv, ticket: string): Promise<string> {
  expectTokens(env, [SCOPE]);
  for (const token of tokensOf(env, SCOPE)) {
    const { name, key } = await tokenKey(token);
    if (!(await isSigned(ticket, name, key))) continue;
    await countRequest(env, token);
    return name;
  }
  throw new ApiError('unauthorized', 'This ticket is not valid: get a new one with POST /tickets');
}

async function isSigned(ticket: string, name: string, key: CryptoKey): Promise<boolean> {
  try {
    if (decode(ticket).payload.sub !== name) return false;
    await verify(ticket, key, ALGORITHM);
    return true;
  } catch {
    return false;
  }
}
