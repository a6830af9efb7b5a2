import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequest } from '../../src/control/request.ts';
import type { Verb } from '../../src/control/verb.ts';
import { VERBS } from '../../src/control/verbs.ts';

const verbOf = (name: string): Verb => VERBS.find((verb) => verb.name === name) as Verb;

function idOf(verb: string, message: object): string | null {
  const request = readRequest(verbOf(verb), new TextEncoder().encode(JSON.stringify(message)));
  assert.ok(request.ok, request.ok ? '' : request.error.detail);
  return request.value.requestId;
}

test('a request id stands for what it came with: with another input it is another operation, not one that was done', () => {
  const drained = idOf('drain', { request_id: 'r-1', node_id: 'n1' });
  assert.notEqual(idOf('drain', { request_id: 'r-1', node_id: 'n2' }), drained);
  assert.notEqual(
    idOf('run-task', { request_id: 'r-1', task_id: '1' }),
    idOf('run-task', { request_id: 'r-1', task_id: '2' }),
  );
  assert.notEqual(idOf('undrain', { request_id: 'r-1', node_id: 'n1' }), drained);
});

test('said again in other bytes it is the same', () => {
  const once = idOf('drain', { v: 1, request_id: 'r-1', node_id: 'n1', accept_no_sender: true });
  assert.equal(idOf('drain', { accept_no_sender: true, node_id: 'n1', request_id: 'r-1' }), once);
  assert.equal(idOf('pause', { request_id: 'r-1' }), 'nats/pause/r-1');
  assert.equal(idOf('pause', {}), null);
});
