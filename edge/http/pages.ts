import type { Context } from 'hono';
import type { WorkerEnv } from './app.ts';
import { ApiError } from './errors.ts';

/** A worker that serves pages. */
export interface PagesEnv extends WorkerEnv {
  /** The output of `edge/dashboard/build.ts`. */
  ASSETS: Fetcher;
}

/** A page may load resources only from its own worker, and no other page may frame it. */
const OWN = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'form-action': "'none'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};
/** The library that renders the reference sets styles and embeds its icons. */
const REFERENCE = { ...OWN, 'style-src': "'self' 'unsafe-inline'", 'img-src': "'self' data:" };

/** The name of an asset contains a hash of its content, so it never changes. Pages may change. */
const CACHE_FOREVER = 'public, max-age=31536000, immutable';
const REVALIDATE = 'no-cache';

/** `GET /`: the dashboard. The page needs no token; it asks the user for one. */
export function getDashboard<Env extends PagesEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  return page(c, OWN);
}

/** `GET /reference`: the API reference of the worker, where users can also try the calls. */
export function getReference<Env extends PagesEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  return page(c, REFERENCE);
}

/** `GET /assets/*`: the assets of the pages. */
export function getAsset<Env extends PagesEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  return readAsset(c, CACHE_FOREVER);
}

async function page<Env extends PagesEnv>(
  c: Context<{ Bindings: Env }>,
  policy: Record<string, string>,
): Promise<Response> {
  const answer = await readAsset(c, REVALIDATE);
  const directives = Object.entries(policy).map(([name, value]) => `${name} ${value}`);
  answer.headers.set('Content-Security-Policy', directives.join('; '));
  return answer;
}

async function readAsset<Env extends PagesEnv>(
  c: Context<{ Bindings: Env }>,
  caching: string,
): Promise<Response> {
  const { body, status, headers } = await c.env.ASSETS.fetch(c.req.raw);
  if (status !== 200 && status !== 304) {
    throw new ApiError('not_found', `Nothing is served at ${c.req.method} ${c.req.path}`);
  }
  const answer = new Response(body, { status, headers });
  answer.headers.set('Cache-Control', caching);
  return answer;
}
