import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ERROR_CODES } from '../../src/http/error-catalogue.ts';
import { errorsOf } from '../../src/http/openapi.ts';
import { fieldsOf, serving } from './serving.ts';

interface Described {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly 'x-error-codes': readonly string[];
}

async function describe(basePath = '') {
  const { ask, http } = serving({ basePath });
  const told = await ask('GET', `${basePath}/openapi.json`);
  assert.equal(told.status, 200);
  return { http, document: fieldsOf(told), text: told.text };
}

test('the description is OpenAPI 3.1: ids are unique, references lead somewhere, schemas compile', async () => {
  const { document, text } = await describe();
  assert.equal(document.openapi, '3.1.0');
  const paths = document.paths as Record<string, Record<string, Described>>;
  const described = Object.values(paths).flatMap((item) => Object.values(item));
  const ids = described.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = (reference ?? '')
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
    assert.ok(target, reference);
  }
  let compiled = 0;
  const compileSchemas = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'schema' && !('$ref' in (inner as object))) {
        Compile(inner as TSchema).Check(null);
        compiled += 1;
      }
      compileSchemas(inner);
    }
  };
  compileSchemas(paths);
  assert.ok(compiled > 40);
  for (const [path, item] of Object.entries(paths)) {
    assert.match(path, /^\/[\w./{}-]+$/);
    for (const operation of Object.values(item)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      assert.deepEqual(declared, inPath);
      for (const response of Object.values(operation.responses)) assert.notEqual(response.description, '');
    }
  }
});

test('every route and every error code is in it', async () => {
  const { http, document } = await describe();
  const paths = document.paths as Record<string, Record<string, Described>>;
  for (const operation of http.operations) {
    const described = paths[operation.path]?.[operation.method.toLowerCase()];
    assert.equal(described?.operationId, operation.id, operation.path);
    assert.deepEqual(described?.['x-error-codes'], errorsOf(operation));
  }
  const told = new Set(http.operations.flatMap(errorsOf));
  // These belong to no operation: what they answer is none.
  const ofNone = ['route_not_found', 'method_not_allowed'];
  // The original API says these by number, from validation.
  assert.deepEqual(
    ERROR_CODES.filter((code) => !told.has(code)),
    ofNone,
  );
  assert.deepEqual(Object.keys(document['x-error-codes'] as object).sort(), [...ERROR_CODES].sort());
});

test('a base path stands before everything', async () => {
  const { document } = await describe('/scheduler');
  assert.deepEqual(document.servers, [{ url: '/scheduler' }]);
  const { ask } = serving({ basePath: '/scheduler' });
  const json = { schedule: '@daily', callback: { url: 'https://example.com/hook' } };
  const created = await ask('POST', '/scheduler/v1/tasks', { json });
  assert.match(String(created.headers.location), /^\/scheduler\/v1\/tasks\/\d+$/);
  assert.equal((await ask('GET', String(created.headers.location))).status, 200);
  assert.equal((await ask('GET', '/v1/tasks')).status, 404);
  assert.equal((await ask('PUT', '/scheduler/v1/tasks', { json })).status, 405);
  assert.equal((await ask('GET', '/scheduler/livez')).status, 200);
  assert.equal(fieldsOf(await ask('POST', '/scheduler/xcron/createTask', { json: {} })).code, 1020);
});
