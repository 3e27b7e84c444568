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

/** The configuration that all workers have. */
export interface WorkerEnv extends AuthEnv, LogEnv, OriginEnv {}

const HEALTH: RouteDescription = {
  name: 'getHealth',
  summary: 'Check that the worker responds',
  tag: 'Service',
  tokens: [],
  answer: {
    schema: Health,
    example: { status: 'healthy', timestamp: '2026-01-01T12:00:00.000Z', service: 'task-api-v2' },
  },
  errors: [],
};

/** Creates an application with what both workers share: allowed origins, `GET /health` and error responses. */
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
    return answerError(
      c,
      new ApiError('internal', 'The request failed because of a server error; try again'),
    );
  });
  return app;
}

/** Caches must not store responses that required a token. Pages set their own `Cache-Control`. */
const noStore: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
};

type Methods<Env extends WorkerEnv> = Partial<Record<'GET' | 'PUT' | 'POST' | 'DELETE', Route<Env>>>;

/**
 * Serves a path. Each method requires a token as its description states; any other method gets 405. Paths
 * without parameters must be registered before paths whose parameter could match them.
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

/** Serves a page or an asset to everyone by GET. It is not an API call, so it is not in the OpenAPI document. */
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
    const message = `${shownPath(c)} does not support ${c.req.method}; expected ${allowed}`;
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

/** Serves the OpenAPI document of the application at `GET /openapi.json`. */
export function serveDocument<Env extends WorkerEnv>(app: Hono<{ Bindings: Env }>, about: About): void {
  serve(app, '/openapi.json', { GET: [DOCUMENT, (c) => c.json(documentOf(app, about))] });
}

/** The middleware that runs before a handler. The body is read last, after the token was checked. */
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

/** The path of a request, shortened for a response. */
function shownPath({ req: { path } }: Context): string {
  return shortened(path, 200);
}

/** The log fields of a request: its method, its path, and the task id if the path has one. */
function requestOf({ req: { method, path } }: Context): LogFields {
  const taskId = path.split('/').find(isTaskId);
  return { method, path, ...(taskId !== undefined && { taskId }) };
}
