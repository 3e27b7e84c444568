import type { Handler } from 'hono';
import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { ERRORS, ErrorBody, type ErrorCode } from '../contract/errors.ts';
import { ScheduleName } from '../contract/schedule.ts';
import { TaskId, TaskType } from '../contract/task.ts';
import type { Scope } from './auth.ts';

/** The tags of a document, in their order. */
const TAGS = ['Tasks', 'Schedules', 'Queue', 'Runners', 'Consumers of single tasks', 'Service'] as const;

/** Describes a route: who may call it, its request and its responses. */
export interface RouteDescription {
  /** The name of the operation, unique within a worker. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: (typeof TAGS)[number];
  /** The scopes of tokens that may call it; empty if everyone may. */
  readonly tokens: readonly Scope[];
  /** Whether a call may use `?ticket=` instead of a token. */
  readonly ticket?: boolean;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: { readonly schema: z.ZodType; readonly example: object };
  readonly answer: {
    /** 200 by default. */
    readonly status?: 101 | 200 | 201;
    /** The schema of the body if it is JSON. */
    readonly schema?: z.ZodType;
    /** The body if it is not JSON. */
    readonly text?: { readonly type: string; readonly description: string };
    readonly example?: object;
  };
  /** The errors of this route, in addition to the errors of all routes. */
  readonly errors: readonly ErrorCode[];
}

/** A method of a path: its description and its handler. */
export type Route<Env extends object> = readonly [
  description: RouteDescription,
  handler: Handler<{ Bindings: Env }>,
];

const described = new WeakMap<object, ZodOpenApiPathsObject>();

/** Records the description of a route of an application for {@link documentOf}. */
export function describe(app: object, method: string, path: string, description: RouteDescription): void {
  const paths = described.get(app) ?? {};
  described.set(app, paths);
  const place = path.replaceAll(/:(\w+)/g, '{$1}');
  paths[place] = { ...paths[place], [method.toLowerCase()]: operation(place, description) };
}

/** Describes an application. */
export interface About {
  readonly title: string;
  readonly description: string;
}

const documents = new WeakMap<object, object>();

/** The OpenAPI document of an application. It is created on the first call. */
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
  return Object.values(described.get(app) ?? {}).flatMap(({ get, put, post, delete: remove }) =>
    [get, put, post, remove].filter((one) => one !== undefined),
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

const PATH_PARAMETERS = { id: TaskId, type: TaskType, name: ScheduleName };

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
    ? { [text.type]: { schema: { type: 'string' as const, description: text.description } } }
    : schema && { 'application/json': { schema, ...(example && { example }) } };
  return { [`${status}`]: { description: SUCCESS[status], ...(content && { content }) } };
}

const SUCCESS = { 101: 'The socket is open', 200: 'Success', 201: 'Created' };

/** The errors that a route lists, and the errors that its tokens, its query and its body add. */
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
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      `${status}`,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join('; '),
        content: {
          'application/json': {
            schema: ErrorBody,
            examples: Object.fromEntries(
              ofStatus.map((code) => [code, { value: { error: ERRORS[code].meaning, code } }]),
            ),
          },
        },
      },
    ]),
  );
}
