import type { Context } from 'hono';
import type * as z from 'zod';
import { isTaskId } from '../contract/task-id.ts';
import { bodyOf } from './body.ts';
import { ApiError, invalidRequest, shortened } from './errors.ts';
import { parseBody } from './json.ts';

/** A body above this length could be wrong in so many places that naming all of them takes seconds. */
const MAX_FULLY_CHECKED = 16 * 1024;

/** The request's body, checked; an empty body counts as `{}`. */
export function readBody<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  const text = bodyOf(c);
  return check(schema, parseBody(text), { abortEarly: text.length > MAX_FULLY_CHECKED });
}

/** The request's query, checked. */
export function readQuery<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  return check(schema, c.req.query());
}

/** The `:id` of the path: an id that could be a task's. */
export function readTaskId(c: Context): string {
  const id = c.req.param('id')?.toLowerCase() ?? '';
  if (isTaskId(id)) return id;
  throw new ApiError(
    'invalid_request',
    `Expected a task id as a submission answered it, got "${shortened(id, 64)}"`,
  );
}

/** A value of a request, checked; with `abortEarly` a list is checked up to the first item that is wrong. */
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
