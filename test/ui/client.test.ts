import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createClient, printQuery } from '../../src/ui/api/client.ts';
import type { Problem } from '../../src/ui/api/problem.ts';

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

function clientOf(answer: () => Response | Promise<Response>, tokens: (string | null)[] = [null]) {
  const asked: Asked[] = [];
  const signedOut: Problem[] = [];
  const client = createClient({
    base: 'http://node.example/scheduler/',
    token: () => (tokens.length > 1 ? (tokens.shift() ?? null) : (tokens[0] ?? null)),
    signedOut: (problem) => signedOut.push(problem),
    fetch: async (url, init) => {
      asked.push({ url: String(url), init: init ?? {} });
      return answer();
    },
  });
  return { client, asked, signedOut };
}

const json = (status: number, value: unknown) => new Response(JSON.stringify(value), { status });

describe('the way from a page to its node', () => {
  test('stays below the base path, and takes the token along', async () => {
    const { client, asked } = clientOf(() => json(200, { items: [] }), ['secret']);
    assert.deepEqual(await client.get('v1/tasks', { limit: 5 }), { ok: true, value: { items: [] } });
    assert.equal(asked[0]?.url, 'http://node.example/scheduler/v1/tasks?limit=5');
    assert.equal(new Headers(asked[0]?.init.headers).get('authorization'), 'Bearer secret');
  });

  test('sends a body as it is', async () => {
    const { client, asked } = clientOf(() => json(201, {}));
    await client.send('POST', 'v1/tasks', { body: '{"callback":{"body":1.0}}' });
    assert.equal(asked[0]?.init.body, '{"callback":{"body":1.0}}');
    assert.equal(new Headers(asked[0]?.init.headers).get('content-type'), 'application/json');
  });

  test('a refusal carries what the node said, field by field', async () => {
    const errors = [{ path: '/schedule', message: 'never fires' }];
    const { client } = clientOf(() =>
      json(400, { code: 'schedule_refused', title: 'The schedule is refused', detail: 'never fires', errors }),
    );
    const told = await client.send('POST', 'v1/tasks', { body: '{}' });
    assert.ok(!told.ok);
    assert.equal(told.problem.kind, 'refused');
    assert.equal(told.problem.code, 'schedule_refused');
    assert.deepEqual(told.problem.fields, { '/schedule': 'never fires' });
  });

  test('no answer, and one that is not the node’s, are said as what they are', async () => {
    const dead = clientOf(() => Promise.reject(new TypeError('failed to fetch')));
    const unreachable = await dead.client.get('v1/tasks');
    assert.equal(unreachable.ok ? '' : unreachable.problem.kind, 'unreachable');
    const proxy = clientOf(() => new Response('<html>Bad gateway', { status: 502 }));
    const told = await proxy.client.get('v1/tasks');
    assert.equal(told.ok ? '' : told.problem.title, 'The node answered 502');
    const empty = clientOf(() => new Response('<html>hello', { status: 200 }));
    assert.equal((await empty.client.get('v1/tasks')).ok, false);
  });

  test('of what was to be done it is said that nobody knows, and nothing is promised; a refusal of the node is certain', async () => {
    const lost = clientOf(() => Promise.reject(new TypeError('failed to fetch')));
    const proxy = clientOf(() => new Response('<html>Bad gateway', { status: 502 }));
    for (const { client } of [lost, proxy]) {
      const told = await client.send('POST', 'v1/tasks/1/run');
      assert.equal(told.ok ? '' : told.problem.title, 'It is not known whether that was done');
      assert.doesNotMatch(told.ok ? '' : told.problem.detail, /by itself/);
    }
    const refused = clientOf(() => json(503, { code: 'no_leader', title: 'Nobody leads' }));
    const told = await refused.client.send('POST', 'v1/tasks/1/run');
    assert.equal(told.ok ? '' : told.problem.title, 'Nobody leads');
  });

  test('a token that is missing and one that is wrong are told apart', async () => {
    const unauthorized = () => json(401, { code: 'unauthorized', title: 'Unauthorized' });
    const without = clientOf(unauthorized);
    await without.client.get('v1/tasks');
    assert.match(without.signedOut[0]?.title ?? '', /asks for a token/);
    const wrong = clientOf(unauthorized, ['wrong']);
    await wrong.client.get('v1/tasks');
    assert.match(wrong.signedOut[0]?.title ?? '', /was refused/);
  });

  test('an answer to what was asked before signing in signs nobody out', async () => {
    const { client, signedOut } = clientOf(() => json(401, {}), [null, 'right']);
    await client.get('v1/tasks');
    assert.deepEqual(signedOut, []);
  });

  test('what is not given is left out of a query', () => {
    assert.equal(printQuery({ name: 'a b&c', tag: '', state: null, cursor: undefined }), '?name=a+b%26c');
    assert.equal(printQuery({}), '');
  });
});
