import type { Context } from 'hono';
import type { z } from 'zod';
import { isTaskId } from '../contract/task-id.ts';
import { bodyOf } from './body.ts';
import { ApiError, invalidRequest, shortened } from './errors.ts';
import { parseJson } from './json.ts';

/** The request's body, checked; an empty body counts as `{}`. */
export function readBody<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  return check(schema, parseJson(bodyOf(c)));
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

/** A value of a request, checked. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first = { path: [], message: 'Invalid request' }, ...others] = parsed.error.issues;
  throw invalidRequest(first, ...others);
}
