import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { z } from 'zod';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import type { Caller } from '../testing/caller.ts';
import { guardedEdge, TOKENS } from '../testing/shared-edges.ts';

const Media = z.object({ schema: z.unknown(), example: z.unknown().optional() });
const Content = z.record(z.string(), Media);
const Operation = z.object({
  operationId: z.string(),
  summary: z.string().min(10),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Content.optional() })),
});
type Operation = z.infer<typeof Operation>;
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

const WORKERS = ['api', 'buffer'] as const;

const edge = guardedEdge();

async function documentOf(worker: Caller) {
  const { status, body } = await worker.get('/openapi.json');
  assert.equal(status, 200);
  return Document.parse(body);
}

/** The operations of a document, each with its name and with the path of a task that does not exist. */
function operationsOf({ paths }: z.infer<typeof Document>) {
  const id = taskIdAt(newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6)), 0);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      place: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: path.replace('{id}', id).replace(/\{(type|name)\}/, 'documented'),
      operation,
    })),
  );
}

/** The token scopes that open an operation. */
function scopesOf({ security }: Operation): (keyof typeof TOKENS)[] {
  const names = security.flatMap((scheme) => Object.keys(scheme));
  return (['client', 'runner'] as const).filter((scope) => names.includes(scope));
}

/** Returns a function that checks a value against the schema at a place of a document. */
function checker(document: z.infer<typeof Document>) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'document');
  return (value: unknown, what: string, ...place: string[]) => {
    const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const valid = ajv.validate({ $ref: `document#/${encodeURI(pointer)}` }, value);
    assert.ok(valid, `${what}: ${ajv.errorsText()}\n${JSON.stringify(value)}`);
  };
}

for (const name of WORKERS) {
  test(`the reference of ${name} is a page that loads nothing from elsewhere`, async () => {
    const page = await edge[name].get('/reference');
    assert.equal(page.status, 200);
    assert.match(page.header('Content-Type') ?? '', /^text\/html/);
    assert.match(page.header('Content-Security-Policy') ?? '', /default-src 'none'.*script-src 'self'/);
    const loaded = [...String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
    assert.ok(loaded.length >= 3);
    for (const url of loaded) {
      assert.match(url, /^\/(assets\/|openapi\.json)/);
      assert.equal((await edge[name].get(url)).status, 200, url);
    }
    expectError(await edge[name].get('/assets/no-such-file.js'), 'not_found');
    expectError(await edge[name].call('/reference', { method: 'POST' }), 'method_not_allowed');
  });

  describe(`the document of ${name}`, () => {
    test('is valid OpenAPI 3.1', async () => {
      const document = await documentOf(edge[name]);
      const { valid, errors } = await new Validator().validate({ ...document });
      assert.ok(valid, JSON.stringify(errors, null, 2));
      assert.match(String(document.openapi), /^3\.1\./);
    });

    test('contains exactly the methods that the worker serves', async () => {
      const document = await documentOf(edge[name]);
      for (const [path, methods] of Object.entries(document.paths)) {
        const place = path.replace(/\{\w+\}/, 'x');
        const answer = await edge[name].call(place, { method: 'PATCH' });
        expectError(answer, 'method_not_allowed');
        const allowed = (answer.header('Allow') ?? '').toLowerCase().split(', ');
        assert.deepEqual(allowed.toSorted(), Object.keys(methods).toSorted(), path);
      }
    });

    test('declares the tokens that open each operation', async () => {
      for (const { place, method, path, operation } of operationsOf(await documentOf(edge[name]))) {
        const call = (token?: string) =>
          edge[name].call(path, { method, headers: token ? { Authorization: `Bearer ${token}` } : {} });
        const scopes = scopesOf(operation);
        const open = await call();
        assert.equal(open.status === 401, scopes.length > 0, `${place} without a token: ${open.status}`);
        if (scopes.length === 0) continue;
        for (const scope of ['client', 'runner'] as const) {
          const { status } = await call(TOKENS[scope]);
          assert.equal(status === 403, !scopes.includes(scope), `${place} for a ${scope}: ${status}`);
        }
      }
    });

    test('has schemas that match its examples and the answers of the worker', async () => {
      const document = await documentOf(edge[name]);
      const check = checker(document);
      for (const { place, method, path, operation } of operationsOf(document)) {
        const [, template = ''] = place.split(' ');
        const at = ['paths', template, method.toLowerCase()];
        const body = operation.requestBody?.content['application/json']?.example;
        if (operation.requestBody) {
          check(body, `${place}: its example`, ...at, 'requestBody', 'content', 'application/json', 'schema');
        }
        for (const [status, { content }] of Object.entries(operation.responses)) {
          const example = content?.['application/json']?.example;
          if (!example) continue;
          check(
            example,
            `${place}: the example of ${status}`,
            ...at,
            'responses',
            status,
            'content',
            'application/json',
            'schema',
          );
        }
        if ('101' in operation.responses) continue;
        const [scope = 'client'] = scopesOf(operation);
        const headers = { Authorization: `Bearer ${TOKENS[scope]}` };
        const answer = await edge[name].call(path, { method, body, headers });
        const described = operation.responses[answer.status];
        assert.ok(described, `${place} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
        if (!described.content?.['application/json']) continue;
        check(
          answer.body,
          `${place}: its answer`,
          ...at,
          'responses',
          String(answer.status),
          'content',
          'application/json',
          'schema',
        );
      }
    });
  });
}
