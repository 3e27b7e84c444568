import type { Scope } from '../auth.ts';
import type { RouteDescription } from '../openapi.ts';

/** The description of a test route that requires a token of one of these scopes. */
export function routeFor(...tokens: Scope[]): RouteDescription {
  const name = `testFor${tokens.join('Or')}`;
  return { name, summary: 'A route of a test', tag: 'Service', tokens, answer: {}, errors: [] };
}
