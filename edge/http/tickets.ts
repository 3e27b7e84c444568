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
/** Those whose tokens are given tickets. */
const SCOPE = 'client';

export const GIVE_TICKET: RouteDescription = {
  name: 'giveTicket',
  summary: 'Create a ticket for a browser’s WebSocket or event stream, which cannot send headers',
  description:
    'It is valid for a minute, in the query parameter `ticket`, as long as the token that it was given for is. What it opened ends within two minutes after that token is removed.',
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
 * `POST /tickets`: what a browser shows in the query of a socket or an event stream, which can carry no
 * header. It opens them for a minute and nothing else, so it may be stored in an access log. It names its token
 * and is signed with a key of that token, so it ends with the token.
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

/** While `AUTH` is `off` a ticket is as good as none, and it is not valid once there are tokens. */
function unusedKey(): Promise<TokenKey> {
  return tokenKey(crypto.randomUUID());
}

/**
 * Lets requests pass that carry `?ticket=`, if it is valid; any other has to carry what `token` asks for.
 * `openedBy` is the token that let it pass.
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

/** The name of the token that a request of a route with `ticket` came with; empty while `AUTH` is `off`. */
export function openedBy(c: Context): string {
  return c.get('openedBy');
}

/** The names of the client tokens that are configured; null while `AUTH` is `off`, and any request passes. */
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
  throw new ApiError('unauthorized', 'This ticket is not valid any more: take a new one, POST /tickets');
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
