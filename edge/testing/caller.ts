import assert from 'node:assert/strict';
import type { WorkerHandle } from 'wrangler';
import type { z } from 'zod';
import { parseJson } from '../contract/text.ts';

export type Worker = WorkerHandle<Record<string, unknown>>;

export interface Answer {
  status: number;
  body: unknown;
  header(name: string): string | null;
}

export interface Call {
  method?: string;
  /** Sent as JSON, or unchanged if it is a text. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls one worker and reads its answers. */
export class Caller {
  readonly worker: Worker;

  constructor(worker: Worker) {
    this.worker = worker;
  }

  async call(path: string, { method, body, headers = {} }: Call = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await this.worker.fetch(path, {
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      ...(text !== undefined && { body: text }),
      headers: text === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    });
    return {
      status: response.status,
      body: bodyOf(await response.text()),
      header: (name) => response.headers.get(name),
    };
  }

  get(path: string): Promise<Answer> {
    return this.call(path);
  }

  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.call(path, { body });
  }

  /** The answer of a call, checked by a schema of the contract. */
  async read<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.output<Schema>> {
    return read(await this.call(path, { body }), schema);
  }
}

/** The value of a JSON text, or the text if it is not JSON. */
function bodyOf(text: string): unknown {
  return parseJson(text) ?? text;
}

/** The body of a successful answer, checked by a schema of the contract. */
export function read<Schema extends z.ZodType>(answer: Answer, schema: Schema): z.output<Schema> {
  if (answer.status !== 200 && answer.status !== 201) {
    assert.fail(`${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return schema.parse(answer.body);
}
