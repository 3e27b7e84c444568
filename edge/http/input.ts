import type { Context } from 'hono';
import type { z } from 'zod';
import { isTaskId } from '../contract/task-id.ts';
import { bodyOf } from './body.ts';
import { ApiError, invalidRequest } from './errors.ts';

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
    `Expected a task id as a submission answered it, got "${id.slice(0, 64)}"`,
  );
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ApiError('invalid_json', `The body is not JSON: ${reason}`);
  }
}

/** A value of a request, checked. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first = { path: [], message: 'Invalid request' }, ...others] = parsed.error.issues;
  throw invalidRequest(first, ...others);
}
