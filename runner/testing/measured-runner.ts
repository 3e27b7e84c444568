import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { serveMetrics } from '../observability/metrics-server.ts';
import type { RunnerOptions } from '../options.ts';
import { type Family, parsePrometheus } from './prometheus-text.ts';
import { prepareRunner } from './start-runner.ts';

/** An answer to `GET /metrics`. */
export interface Scrape {
  readonly families: ReadonlyMap<string, Family>;
  /** Returns the value of a sample. `sample` is its name and labels as written in the answer. */
  value(sample: string): number | undefined;
}

/** A runner with the fixtures on a fake edge that serves its metrics and health. All end with the test. */
export async function measuredRunner(t: TestContext, options: Partial<RunnerOptions> = {}) {
  const prepared = await prepareRunner(t, options);
  const server = await serveMetrics(prepared.runner, {
    host: '127.0.0.1',
    port: 0,
    pollIntervalMs: 100,
    leaseSeconds: options.leaseSeconds ?? 30,
  });
  t.after(() => server.close());
  const get = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { ...prepared, get, scrape: async () => parseScrape(await get('/metrics')) };
}

/** Reads an answer to `GET /metrics`. Fails if the answer is not valid. */
export function parseScrape({
  status,
  headers,
  text,
}: {
  status: number;
  headers: Headers;
  text: string;
}): Scrape {
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const families = parsePrometheus(text);
  const samples = new Map([...families.values()].flatMap((family) => [...family.samples]));
  return { families, value: (sample) => samples.get(sample) };
}
