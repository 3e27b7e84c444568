import { type Handler, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import type { Health } from '../contract/api.ts';
import { MAX_REQUEST_BYTES } from '../contract/limits.ts';
import { type AuthEnv, requireConfiguration } from './auth.ts';
import { ApiError, answerError } from './errors.ts';

/** What every worker of this system is configured with. */
export interface WorkerEnv extends AuthEnv {
  /** Origins whose pages may call this worker, separated by commas; `*` for all. None by default. */
  ALLOWED_ORIGINS?: string;
}

/**
 * A worker's application as both workers have it: CORS, the limit of a request's size, `GET /health`,
 * and errors in the form of the wire.
 */
export function createApp<Env extends WorkerEnv>(service: string) {
  const app = new Hono<{ Bindings: Env }>();

  app.use(secureHeaders());
  app.use(
    cors({
      origin: (origin, c) => allowedOrigin(c.env.ALLOWED_ORIGINS, origin),
      allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key'],
      exposeHeaders: ['Retry-After'],
      maxAge: 3600,
    }),
  );
  app.use(
    bodyLimit({
      maxSize: MAX_REQUEST_BYTES,
      onError: () => {
        throw new ApiError('request_too_large', `Expected a request of at most ${MAX_REQUEST_BYTES} bytes`);
      },
    }),
  );

  serve(app, '/health', {
    GET: [
      (c) => {
        const health: Health = { status: 'healthy', timestamp: new Date().toISOString(), service };
        return c.json(health);
      },
    ],
  });

  app.use(requireConfiguration);

  app.notFound((c) =>
    answerError(c, new ApiError('not_found', `Nothing is served at ${c.req.method} ${c.req.path}`)),
  );
  app.onError((error, c) => {
    if (error instanceof ApiError) return answerError(c, error);
    console.error(error);
    return answerError(c, new ApiError('internal', 'The request failed for a reason of ours; try again'));
  });
  return app;
}

/**
 * Serves a path: each of its methods by the handlers given for it, any other by 405. Paths without
 * parameters come before those whose parameter could match them.
 */
export function serve<Env extends WorkerEnv>(
  app: Hono<{ Bindings: Env }>,
  path: string,
  methods: Partial<Record<'GET' | 'POST', Handler<{ Bindings: Env }>[]>>,
): void {
  for (const [method, handlers] of Object.entries(methods)) app.on(method, [path], ...handlers);
  const allowed = Object.keys(methods).join(', ');
  app.all(path, (c) => {
    c.header('Allow', allowed);
    const message = `${c.req.method} is not served at ${c.req.path}; expected ${allowed}`;
    return answerError(c, new ApiError('method_not_allowed', message));
  });
}

function allowedOrigin(allowed: string | undefined, origin: string): string | null {
  const origins = (allowed ?? '').split(',').map((entry) => entry.trim());
  if (origins.includes('*')) return '*';
  return origins.includes(origin) ? origin : null;
}
