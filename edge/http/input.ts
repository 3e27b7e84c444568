import type { Context } from 'hono';
import type * as z from 'zod';
import { isTaskId } from '../contract/task-id.ts';
import { bodyOf } from './body.ts';
import { ApiError, invalidRequest, shortened } from './errors.ts';
import { parseBody } from './json.ts';

/** A body above this length can have so many issues that listing all of them takes seconds. */
const MAX_FULLY_CHECKED = 16 * 1024;

/** Parses and validates the request's body. An empty body counts as `{}`. */
export function readBody<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  const text = bodyOf(c);
  return check(schema, parseBody(text), { abortEarly: text.length > MAX_FULLY_CHECKED });
}

/** Validates the request's query. */
export function readQuery<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  return check(schema, c.req.query());
}

/** The `:id` of the path. It has the form of a task id. */
export function readTaskId(c: Context): string {
  const id = c.req.param('id')?.toLowerCase() ?? '';
  if (isTaskId(id)) return id;
  throw new ApiError(
    'invalid_request',
    `Expected a task id as a submission answered it, got "${shortened(id, 64)}"`,
  );
}

/** Validates a value of a request. With `abortEarly`, a list is checked only up to its first invalid item. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  how: z.core.ParseContextInternal<z.core.$ZodIssue> = {},
): z.output<Schema> {
  const parsed = schema.safeParse(value, how);
  if (parsed.success) return parsed.data;
  const [first = { path: [], message: 'Invalid request' }, ...others] = parsed.error.issues;
  throw invalidRequest(first, ...others);
}
