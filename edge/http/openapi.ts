import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { ERROR_STATUS, ErrorBody, type ErrorCode } from '../contract/errors.ts';
import { TaskId, TaskType } from '../contract/task.ts';
import type { Scope } from './auth.ts';

/** The parts of a document, in their order. */
const TAGS = ['Tasks', 'Queue', 'Runners', 'Consumers of single tasks', 'Service'] as const;

/** What a route says of itself: who may call it, what it takes, and what it answers. */
export interface RouteDescription {
  /** The name of the operation, unique within a worker. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: (typeof TAGS)[number];
  /** Whose tokens open it; none where it is open to everyone. */
  readonly tokens: readonly Scope[];
  /** Whether `?ticket=` opens it as well. */
  readonly ticket?: boolean;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: { readonly schema: z.ZodType; readonly example: object };
  readonly answer: {
    /** 200 unless it says otherwise. */
    readonly status?: 101 | 200 | 201;
    /** Of its body, where that is JSON. */
    readonly schema?: z.ZodType;
    /** What its body is, where it is not JSON. */
    readonly text?: { readonly type: string; readonly says: string };
    readonly example?: object;
  };
  /** What can go wrong beside what can with every call. */
  readonly errors: readonly ErrorCode[];
}

const described = new WeakMap<object, ZodOpenApiPathsObject>();

/** Notes what a route of an application says of itself, for {@link documentOf}. */
export function describe(app: object, method: string, path: string, description: RouteDescription): void {
  const paths = described.get(app) ?? {};
  described.set(app, paths);
  const place = path.replaceAll(/:(\w+)/g, '{$1}');
  paths[place] = { ...paths[place], [method.toLowerCase()]: operation(place, description) };
}

/** What an application says of itself. */
export interface About {
  readonly title: string;
  readonly description: string;
}

const documents = new WeakMap<object, object>();

/** The OpenAPI document of an application, made when it is first asked for. */
export function documentOf(app: object, about: About): object {
  const document = documents.get(app) ?? createDocumentOf(app, about);
  documents.set(app, document);
  return document;
}

function createDocumentOf(app: object, about: About): object {
  const used = new Set(operationsOf(app).flatMap((operation) => operation.tags ?? []));
  return createDocument({
    openapi: '3.1.1',
    info: { ...about, version: '2', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: TAGS.filter((name) => used.has(name)).map((name) => ({ name })),
    paths: described.get(app) ?? {},
    components: { securitySchemes: SECURITY_SCHEMES },
  });
}

function operationsOf(app: object): ZodOpenApiOperationObject[] {
  return Object.values(described.get(app) ?? {}).flatMap(({ get, post }) =>
    [get, post].filter((one) => one !== undefined),
  );
}

const SECURITY_SCHEMES = {
  client: { type: 'http', scheme: 'bearer', description: 'A token of API_TOKENS' },
  runner: { type: 'http', scheme: 'bearer', description: 'A token of RUNNER_TOKENS' },
  ticket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'A ticket of POST /tickets, valid for one minute',
  },
} as const;

const PATH_PARAMETERS = { id: TaskId, type: TaskType };

function pathParameters(place: string): z.ZodObject | undefined {
  const named = Object.entries(PATH_PARAMETERS).filter(([name]) => place.includes(`{${name}}`));
  return named.length === 0 ? undefined : z.object(Object.fromEntries(named));
}

function operation(place: string, route: RouteDescription): ZodOpenApiOperationObject {
  const { name, summary, description, tag, tokens, ticket, query, headers, body } = route;
  const path = pathParameters(place);
  return {
    operationId: name,
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    security: [...tokens, ...(ticket ? ['ticket'] : [])].map((scheme) => ({ [scheme]: [] })),
    requestParams: { ...(path && { path }), ...(query && { query }), ...(headers && { header: headers }) },
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: body.schema, example: body.example } },
      },
    }),
    responses: { ...success(route.answer), ...failures(errorsOf(route)) },
  };
}

function success({
  status = 200,
  schema,
  text,
  example,
}: RouteDescription['answer']): ZodOpenApiResponsesObject {
  const content = text
    ? { [text.type]: { schema: { type: 'string' as const, description: text.says } } }
    : schema && { 'application/json': { schema, ...(example && { example }) } };
  return { [`${status}`]: { description: SUCCESS[status], ...(content && { content }) } };
}

const SUCCESS = { 101: 'The socket is open', 200: 'Done', 201: 'Made' };

/** Those that a route names, and those that follow from what it takes. */
function errorsOf({ tokens, query, body, errors }: RouteDescription): ErrorCode[] {
  const codes = new Set<ErrorCode>(['foreign_origin', ...errors]);
  if (query) codes.add('invalid_request');
  for (const code of body ? BODY_ERRORS : []) codes.add(code);
  for (const code of tokens.length > 0 ? TOKEN_ERRORS : []) codes.add(code);
  if (tokens.includes('client')) codes.add('rate_limited');
  return [...codes];
}

const BODY_ERRORS = ['invalid_json', 'invalid_request', 'request_too_large', 'unavailable'] as const;
const TOKEN_ERRORS = ['unauthorized', 'forbidden', 'not_configured'] as const;

function failures(codes: readonly ErrorCode[]): ZodOpenApiResponsesObject {
  const byStatus = Map.groupBy(codes, (code) => ERROR_STATUS[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      `${status}`,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${ERROR_MEANING[code]}`).join('; '),
        content: {
          'application/json': {
            schema: ErrorBody,
            examples: Object.fromEntries(
              ofStatus.map((code) => [code, { value: { error: ERROR_MEANING[code], code } }]),
            ),
          },
        },
      },
    ]),
  );
}

/** When each error is answered. */
const ERROR_MEANING: Record<ErrorCode, string> = {
  invalid_json: 'The body is not JSON',
  invalid_request: 'A field of the request is wrong; `issues` names each, or the first 20',
  too_many_types: 'The queue has 10,000 task types already, and this one is new',
  submission_id_not_current: 'The time of the `Submission-Id` is too far from now',
  unauthorized: 'The token is missing or not valid',
  forbidden: 'The token is valid, but not for this call',
  foreign_origin:
    'The worker has no tokens, and a page of another origin sent the request, or it came under another name than localhost',
  not_found: 'Nothing is served at this path',
  task_not_found: 'No task has this id, or none that is still known',
  method_not_allowed: 'The path is served by other methods; the header `Allow` names them',
  task_not_available: 'The task cannot be claimed now; `currentStatus` says why',
  task_not_finished: 'The task has not ended yet',
  task_not_leased: 'Nobody has claimed the task',
  lease_id_required: 'The task is held under a lease, which the report does not name',
  stale_lease: 'The lease does not hold the task any more',
  task_finished: 'The task has ended already',
  task_not_retryable: 'The task has not failed and was not cancelled',
  archived: 'The task ended long ago; it can be read, and not changed',
  idempotency_key_reused: 'The key was used for another request within the last 24 hours',
  payload_too_large: 'A payload is larger than 10 MB',
  result_too_large: 'A result is larger than 256 KB',
  request_too_large: 'The request is larger than 20 MB',
  upgrade_required: 'The request does not open a WebSocket',
  rate_limited: 'Too many requests with this token; `Retry-After` says when to go on',
  internal: 'The request failed for a reason of the service',
  not_configured: 'The worker has no token yet',
  full: 'The ledger is full; `Retry-After` says when to try again',
  unavailable: 'It cannot be done now; `Retry-After` says when to try again',
};
