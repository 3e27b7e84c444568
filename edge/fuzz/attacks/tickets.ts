import { sign } from 'hono/jwt';
import { tokenKey } from '../../http/token-key.ts';
import { TOKENS } from '../../testing/shared-edges.ts';
import type { Attack, Outcome } from '../harness/attack.ts';
import { withGuardedEdge } from '../harness/guarded.ts';
import { call } from '../harness/http.ts';

/** Guesses of a secret that a worker signs with, or that a careless worker accepts. */
const GUESSES = ['', 'ticket:', 'undefined', 'null', 'secret', 'runner', TOKENS.runner];

export const tickets: Attack = {
  name: 'forged, expired and unsigned tickets for the live socket and the event stream',
  bound: { measure: 'tickets that open something', unit: 'tickets', atMost: 0 },
  run: () => withGuardedEdge(attack),
};

async function attack(url: string): Promise<Outcome> {
  const forged = await forgedTickets();
  const paths = ['live', `tasks/${crypto.randomUUID()}/events`];
  const statuses = [];
  for (const path of paths) {
    for (const ticket of forged) {
      statuses.push((await call(`${url}/${path}?ticket=${encodeURIComponent(ticket)}`)).status);
    }
  }
  const refused = statuses.filter((status) => status === 401);
  return { value: statuses.length - refused.length, note: `${refused.length} were answered 401` };
}

async function forgedTickets(): Promise<string[]> {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const made: string[] = [];
  for (const guess of GUESSES) {
    const { name, key } = await tokenKey(guess);
    for (const signedBy of guess === '' ? [key] : [key, guess]) {
      made.push(await sign({ sub: name, exp }, signedBy, 'HS256'));
    }
  }
  const client = await tokenKey(TOKENS.client);
  // A ticket that has expired.
  made.push(await sign({ sub: client.name, exp: exp - 120 }, client.key, 'HS256'));
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = part({ sub: client.name, exp });
  made.push(`${part({ alg: 'none', typ: 'JWT' })}.${claims}.`);
  const [header, , signature] = made.at(-2)?.split('.') ?? [];
  made.push(`${header}.${claims}.${signature}`);
  return made;
}
