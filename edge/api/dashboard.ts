import type { Context } from 'hono';
import { ApiError } from '../http/errors.ts';
import type { ApiEnv } from './env.ts';

/** The page and what it loads come from this worker alone, and no other page may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The names of assets tell their content, the page's does not. */
const KEPT_FOR_GOOD = 'public, max-age=31536000, immutable';
const ASKED_FOR_ANEW = 'no-cache';

/** `GET /`: the dashboard. It needs no token itself, it asks for one. */
export async function getDashboard(c: Context<{ Bindings: ApiEnv }>): Promise<Response> {
  const answer = await readAsset(c, ASKED_FOR_ANEW);
  answer.headers.set('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  return answer;
}

/** `GET /assets/*`: what the dashboard loads. */
export function getAsset(c: Context<{ Bindings: ApiEnv }>): Promise<Response> {
  return readAsset(c, KEPT_FOR_GOOD);
}

async function readAsset(c: Context<{ Bindings: ApiEnv }>, caching: string): Promise<Response> {
  const { body, status, headers } = await c.env.ASSETS.fetch(c.req.raw);
  if (status !== 200 && status !== 304) {
    throw new ApiError('not_found', `Nothing is served at ${c.req.method} ${c.req.path}`);
  }
  const answer = new Response(body, { status, headers });
  answer.headers.set('Cache-Control', caching);
  return answer;
}
