import type { Scope } from '../auth.ts';
import type { RouteDescription } from '../openapi.ts';

/** The description of a route that tokens of these scopes open, for applications of tests. */
export function routeFor(...tokens: Scope[]): RouteDescription {
  const name = `testFor${tokens.join('Or')}`;
  return { name, summary: 'A route of a test', tag: 'Service', tokens, answer: {}, errors: [] };
}
