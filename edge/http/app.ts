import { type Context, type Handler, Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import * as z from 'zod';
import { Health } from '../contract/api.ts';
import { ERRORS } from '../contract/errors.ts';
import { isTaskId } from '../contract/task-id.ts';
import { type LogEnv, type LogFields, logOf } from '../platform/log.ts';
import { type AuthEnv, requireConfiguration, requireToken } from './auth.ts';
import { holdBody } from './body.ts';
import { ApiError, answerError, shortened } from './errors.ts';
import { type About, describe, documentOf, type Route, type RouteDescription } from './openapi.ts';
import { type OriginEnv, readableBy, requireLocal } from './origins.ts';
import { ticketOr } from './tickets.ts';

/** What every worker of this system is configured with. */
export interface WorkerEnv extends AuthEnv, LogEnv, OriginEnv {}

const HEALTH: RouteDescription = {
  name: 'getHealth',
  summary: 'Check that the worker answers',
  tag: 'Service',
  tokens: [],
  answer: {
    schema: Health,
    example: { status: 'healthy', timestamp: '2026-01-01T12:00:00.000Z', service: 'task-api-v2' },
  },
  errors: [],
};

/**
 * A worker's application as both workers have it: the origins that may call it, `GET /health`, and errors in the form of the wire.
 */
export function createApp<Env extends WorkerEnv>(service: string) {
  const app = new Hono<{ Bindings: Env }>();

  app.use(noStore);
  app.use(secureHeaders());
  app.use(requireLocal);
  app.use(
    cors({
      origin: (origin, c) => readableBy(c.env, origin),
      allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Submission-Id', 'Last-Event-ID'],
      exposeHeaders: ['Retry-After'],
      maxAge: 3600,
    }),
  );
  serve(app, '/health', {
    GET: [
      HEALTH,
      (c) => {
        const health: Health = { status: 'healthy', timestamp: new Date().toISOString(), service };
        return c.json(health);
      },
    ],
  });

  app.use(requireConfiguration);

  app.notFound((c) =>
    answerError(c, new ApiError('not_found', `Nothing is served at ${c.req.method} ${shownPath(c)}`)),
  );
  app.onError((error, c) => {
    const log = logOf(c.env);
    if (error instanceof ApiError) {
      const { code, message: reason } = error;
      const status = ERRORS[code].status;
      if (status >= 500) log.warn('A request was refused', { ...requestOf(c), status, code, reason });
      return answerError(c, error);
    }
    log.error('A request failed', { ...requestOf(c), status: 500, error });
    return answerError(c, new ApiError('internal', 'The request failed for a reason of ours; try again'));
  });
  return app;
}

/** No cache on the way keeps an answer that a token has opened; a page says for itself how long it is kept. */
const noStore: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
};

type Methods<Env extends WorkerEnv> = Partial<Record<'GET' | 'POST', Route<Env>>>;

/**
 * Serves a path: each of its methods to who has a token that the description asks for, any other by 405. Paths
 * without parameters come before those whose parameter could match them.
 */
export function serve<Env extends WorkerEnv>(
  app: Hono<{ Bindings: Env }>,
  path: string,
  methods: Methods<Env>,
): void {
  for (const [method, [description, handler]] of Object.entries(methods)) {
    app.on(method, [path], ...gatesOf<Env>(description), handler);
    describe(app, method, path, description);
  }
  refuseOtherMethods(app, path, Object.keys(methods));
}

/** Serves a page, or what a page loads, to everyone by GET. It is no call, so no document describes it. */
export function servePage<Env extends WorkerEnv>(
  app: Hono<{ Bindings: Env }>,
  path: string,
  handler: Handler<{ Bindings: Env }>,
): void {
  app.get(path, handler);
  refuseOtherMethods(app, path, ['GET']);
}

function refuseOtherMethods<Env extends WorkerEnv>(
  app: Hono<{ Bindings: Env }>,
  path: string,
  methods: readonly string[],
): void {
  const allowed = methods.join(', ');
  app.all(path, (c) => {
    c.header('Allow', allowed);
    const message = `${c.req.method} is not served at ${shownPath(c)}; expected ${allowed}`;
    return answerError(c, new ApiError('method_not_allowed', message));
  });
}

const DOCUMENT: RouteDescription = {
  name: 'getDocument',
  summary: 'Get this document',
  tag: 'Service',
  tokens: [],
  answer: { schema: z.looseObject({ openapi: z.string() }) },
  errors: ['not_configured'],
};

/** Serves the OpenAPI document of all that the application serves, `GET /openapi.json`. */
export function serveDocument<Env extends WorkerEnv>(app: Hono<{ Bindings: Env }>, about: About): void {
  serve(app, '/openapi.json', { GET: [DOCUMENT, (c) => c.json(documentOf(app, about))] });
}

/** What a request passes before its handler: its body is read last. */
function gatesOf<Env extends WorkerEnv>({
  tokens,
  ticket,
  body,
}: RouteDescription): MiddlewareHandler<{ Bindings: Env }>[] {
  const bodies = body ? [holdBody(tokens.includes('client') ? 'client' : 'runner')] : [];
  if (tokens.length === 0) return bodies;
  const token = requireToken<Env>(...tokens);
  return [ticket ? ticketOr<Env>(token) : token, ...bodies];
}

/** The path of a request, as an answer repeats it. */
function shownPath({ req: { path } }: Context): string {
  return shortened(path, 200);
}

/** The request that a line is about, with the task of its path where it has one. */
function requestOf({ req: { method, path } }: Context): LogFields {
  const taskId = path.split('/').find(isTaskId);
  return { method, path, ...(taskId !== undefined && { taskId }) };
}
