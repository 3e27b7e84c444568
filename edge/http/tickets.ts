import type { Context, MiddlewareHandler } from 'hono';
import { sign, verify } from 'hono/jwt';
import type { Ticket } from '../contract/stats.ts';
import type { AuthEnv } from './auth.ts';
import { ApiError } from './errors.ts';
import { iso } from './time.ts';

const TICKET_SECONDS = 60;
const ALGORITHM = 'HS256';

/**
 * `POST /tickets`: what a browser shows in the query of a socket or an event stream, which can carry no
 * header. It opens them for a minute and nothing else, so it may stand in an access log.
 */
export async function giveTicket<Env extends AuthEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  const exp = Math.floor(Date.now() / 1000) + TICKET_SECONDS;
  const answer: Ticket = {
    ticket: await sign({ exp }, keyOf(c.env), ALGORITHM),
    expiresAt: iso(exp * 1000),
  };
  return c.json(answer, 201);
}

/** Lets requests pass that carry `?ticket=`, where it is valid; any other has to carry what `token` asks for. */
export function ticketOr<Env extends AuthEnv>(
  token: MiddlewareHandler<{ Bindings: Env }>,
): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    const ticket = c.req.query('ticket');
    if (ticket === undefined || c.env.AUTH === 'off') return token(c, next);
    try {
      await verify(ticket, keyOf(c.env), ALGORITHM);
    } catch {
      throw new ApiError('unauthorized', 'This ticket is not valid any more: take a new one, POST /tickets');
    }
    return next();
  };
}

/** When the tokens change, tickets that were given for the old ones end. */
function keyOf({ API_TOKENS }: AuthEnv): string {
  return `ticket:${API_TOKENS ?? ''}`;
}
