import type { Context } from 'hono';
import type { WorkerEnv } from './app.ts';
import { ApiError } from './errors.ts';

/** A worker that serves pages. */
export interface PagesEnv extends WorkerEnv {
  /** What `edge/dashboard/build.ts` has built. */
  ASSETS: Fetcher;
}

/** A page and what it loads come from its own worker alone, and no other page may frame it. */
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
/** The reference is drawn by a library that sets styles and embeds its icons. */
const DRAWN = { ...OWN, 'style-src': "'self' 'unsafe-inline'", 'img-src': "'self' data:" };

/** The names of assets tell their content, those of pages do not. */
const KEPT_FOR_GOOD = 'public, max-age=31536000, immutable';
const ASKED_FOR_ANEW = 'no-cache';

/** `GET /`: the dashboard. It needs no token itself, it asks for one. */
export function getDashboard<Env extends PagesEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  return page(c, OWN);
}

/** `GET /reference`: the worker's calls, to read and to try. */
export function getReference<Env extends PagesEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  return page(c, DRAWN);
}

/** `GET /assets/*`: what the pages load. */
export function getAsset<Env extends PagesEnv>(c: Context<{ Bindings: Env }>): Promise<Response> {
  return readAsset(c, KEPT_FOR_GOOD);
}

async function page<Env extends PagesEnv>(
  c: Context<{ Bindings: Env }>,
  policy: Record<string, string>,
): Promise<Response> {
  const answer = await readAsset(c, ASKED_FOR_ANEW);
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
