import assert from 'node:assert/strict';
import { ERRORS, ErrorBody } from '../contract/errors.ts';
import type { TestEdge } from '../testing/harness.ts';
import { HUGE } from './requests/bodies.ts';
import type { FuzzRequest } from './requests/requests.ts';
import { ROUTES, type Route } from './requests/routes.ts';

const TIMEOUT_MS = 5000;

/** Sends a request and checks the rules that every answer must follow. @returns the answer's status. */
export async function check(
  edge: TestEdge,
  { worker, method, path, headers, body }: FuzzRequest,
): Promise<number> {
  const bodyless = body === null || method === 'GET' || method === 'HEAD';
  const response = await edge[worker].worker.fetch(`http://localhost${path}`, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(!bodyless && { body: 'text' in body ? body.text : (HUGE[body.huge]?.() ?? '') }),
  });
  const answer = await response.text();
  const seen = `${response.status} ${answer.slice(0, 500)}`;
  assert.ok(response.status < 500, seen);
  if (method === 'HEAD' || response.status === 204) {
    assert.equal(answer, '');
  } else if (response.ok) {
    const route = ROUTES.find(
      (known) => known.worker === worker && known.method === method && fits(known, path),
    );
    assert.ok(route, `No such route: ${seen}`);
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    const parsed = route.answer.safeParse(isJson ? JSON.parse(answer) : answer);
    assert.ok(parsed.success, `${seen}\n${parsed.error}`);
  } else {
    const parsed = ErrorBody.safeParse(JSON.parse(answer));
    assert.ok(parsed.success, `${seen}\n${parsed.error}`);
    assert.equal(response.status, ERRORS[parsed.data.code].status, seen);
  }
  return response.status;
}

function fits(route: Route, path: string): boolean {
  const { pathname } = new URL(`http://localhost${path}`);
  return new RegExp(`^${route.path.replace(/:\w+/, '[^/]+')}$`).test(pathname);
}
