import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type NatsServer, startNatsServer } from '../../ops/scripts/nats-server.ts';
import { VERBS } from '../../src/control/verbs.ts';
import type { StepLine } from '../../src/trace/format.ts';
import { until } from '../whole/serving.ts';
import { offering, operatorOf, withNodes } from './offering.ts';

let server: NatsServer;
before(async () => {
  server = await startNatsServer();
});
after(() => server.kill('SIGTERM'));

test('the service protocol shows every node, with role and term in the statistics', () =>
  withNodes(server, 'shown', async (_nodes, { askAll }) => {
    const pings = await askAll('$SRV.PING.xcron', 3);
    assert.deepEqual(pings.map(({ metadata }) => (metadata as { node_id: string }).node_id).toSorted(), [
      'n1',
      'n2',
      'n3',
    ]);
    const [info] = await askAll('$SRV.INFO.xcron', 3);
    const endpoints = (info?.endpoints as { readonly name: string }[] | undefined)?.map(({ name }) => name);
    for (const { name } of VERBS) assert.ok(endpoints?.includes(name), name);
    for (const stats of await askAll('$SRV.STATS.xcron', 3)) {
      const [first] = stats.endpoints as { readonly data: { readonly role: string; readonly term: number } }[];
      assert.deepEqual([first?.data.role, first?.data.term], ['leader', 3]);
    }
  }));

test('any node answers a verb, one node what is asked of it, and every node what is asked of all', () =>
  withNodes(server, 'asked', async (nodes, { ask, askAll }) => {
    const any = await ask('xcron.asked.ops.read.status');
    assert.deepEqual([any.v, any.ok, any.result?.role], [1, true, 'leader']);
    const named = await ask('xcron.asked.ops.admin.node.n2.log-level', { level: 'debug' });
    assert.deepEqual([named.ok, named.node_id, named.result?.level], [true, 'n2', 'debug']);
    assert.deepEqual(
      nodes.map(({ level }) => level()),
      ['info', 'debug', 'info'],
    );
    const all = await askAll('xcron.asked.ops.admin.all.trace', 3, { on: true });
    assert.deepEqual(all.map(({ node_id }) => node_id).toSorted(), ['n1', 'n2', 'n3']);
    for (const { node } of nodes) assert.equal(node.tracing.isOn, true);
  }));

test('the audit names the door that an operation came through, and the request', () =>
  withNodes(server, 'once', async (_nodes, { ask }) => {
    const asked = await ask('xcron.once.ops.admin.node.n1.pause', { v: 1, request_id: 'r-1' });
    assert.equal(asked.result?.changed, true);
    const audit = await ask('xcron.once.ops.read.node.n1.audit');
    const [record] = (audit.result?.items ?? []) as Record<string, unknown>[];
    assert.deepEqual(
      [record?.by, record?.request_id, record?.operation, record?.outcome],
      ['nats', 'nats/pause/r-1', 'pause-scheduling', 'done'],
    );
  }));

test('asked of all under one request id, each node does it once and tells of it again', () =>
  withNodes(server, 'each', async (nodes, { askAll }) => {
    const level = { level: 'debug', request_id: 'r-1' };
    for (let count = 0; count < 2; count += 1) {
      const told = await askAll('xcron.each.ops.admin.all.log-level', 3, level);
      assert.deepEqual(
        told.map(({ ok }) => ok),
        [true, true, true],
      );
    }
    for (const { node } of nodes) assert.equal(node.operations().length, 1);
  }));

test('what is no request of a verb changes nothing and says what is wrong', () =>
  withNodes(server, 'bad', async ([first], { ask, askAll }) => {
    const subject = 'xcron.bad.ops.admin.node.n1.';
    for (const [verb, body, detail] of [
      ['pause', '{', /not JSON/],
      ['pause', '[]', /no JSON object/],
      ['pause', { v: 2 }, /"v" is 2; this node speaks version 1/],
      ['pause', { request_id: 'a b' }, /request_id/],
      ['pause', { force: true }, /force|additional/],
      ['drain', {}, /node_id/],
      ['pause', `{"request_id":"${'x'.repeat(70_000)}"}`, /at most 65536 bytes/],
      ['explode', {}, /no such verb/],
    ] as const) {
      const { ok, error, header } = await ask(subject + verb, body);
      assert.deepEqual([ok, error?.code, header], [false, 'validation_failed', '400'], verb);
      assert.match(error?.detail ?? '', detail);
    }
    assert.deepEqual(first?.node.operations(), []);
    // What is the cluster's own is not asked of every node at once.
    const all = await askAll('xcron.bad.ops.admin.all.pause', 3);
    assert.ok(all.every(({ ok }) => ok === false));
  }));

test('a refusal carries its code, and the status that HTTP would answer with', () =>
  withNodes(server, 'refused', async (_nodes, { ask }) => {
    const drained = await ask('xcron.refused.ops.admin.node.n1.drain', { node_id: 'n1' });
    assert.deepEqual([drained.error?.code, drained.header], ['would_leave_no_sender', '409']);
    const restore = await ask('xcron.refused.ops.admin.node.n1.restore');
    assert.deepEqual([restore.error?.code, restore.header], ['live_restore_refused', '409']);
  }));

test('an answer that no message holds is refused in one that does, and the node goes on', () =>
  withNodes(server, 'large', async ([first], { ask }) => {
    assert.ok(first);
    const line: StepLine = {
      what: 'step',
      line: 1,
      atMs: 0,
      node: 'n1',
      role: 'leader',
      term: 3,
      vote: null,
      leader: null,
      last: 1,
      commit: 1,
      applied: 1,
      also: [{ type: 'said', data: 'x'.repeat(2_000) }],
    };
    const lines = Array.from({ length: 1_000 }, () => line);
    first.node.tracing.after = (_line, limit) => ({ lines: lines.slice(0, limit), dropped: 0, newest: 1_000 });
    const subject = 'xcron.large.ops.read.node.n1.read-trace';
    const { ok, error, header } = await ask(subject);
    assert.deepEqual([ok, error?.code, header], [false, 'validation_failed', '400']);
    assert.match(error?.detail ?? '', /at most: ask for less/);
    assert.equal((await ask(subject, { limit: 100 })).ok, true);
  }));

test('where the servers ask nobody who he is, the cluster can be looked at and not operated', async () => {
  const { service } = await offering(server, 'n1', 'open', { offersAdmin: false });
  const { ask, connection } = await operatorOf(server);
  try {
    assert.equal((await ask('xcron.open.ops.read.members')).ok, true);
    await assert.rejects(ask('xcron.open.ops.admin.pause'), { code: '503' });
  } finally {
    await connection.close();
    await service.close();
  }
});

test('when the server was away it is offered again', async () => {
  const mortal = await startNatsServer();
  const { service } = await offering(mortal, 'n1', 'back');
  let again: NatsServer | null = null;
  try {
    await mortal.kill('SIGKILL');
    again = await startNatsServer({ port: mortal.port });
    const { ask, connection } = await operatorOf(again);
    await until(
      () =>
        ask('xcron.back.ops.read.status').then(
          ({ ok }) => ok,
          () => false,
        ),
      () => 'it is not offered again',
    );
    await connection.close();
  } finally {
    await service.close();
    await again?.kill('SIGTERM');
  }
});
