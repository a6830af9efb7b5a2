import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from 'nats';
import type { NatsServer } from '../../ops/scripts/nats-server.ts';
import type { Hail } from '../../src/raft/forming.ts';
import type { InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { batchOf, type Heard, listening } from '../contract/transport.ts';
import { until } from '../whole/serving.ts';
import { connected, type NatsNetwork, openNatsNetwork } from './nats-network.ts';
import { passwordOf, startShippedServers } from './shipped-servers.ts';

const memberOf = (nodeId: string): MemberId => `${nodeId}/i-${nodeId}` as MemberId;

describe('the servers that are shipped', () => {
  let servers: readonly NatsServer[];
  let network: NatsNetwork;
  before(async () => {
    servers = await startShippedServers();
    network = await openNatsNetwork(servers[0]);
  });
  after(async () => {
    await network.close();
    await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  });

  /** As `user`, at one of the servers, under a name that should be its own. */
  async function joinAs(user: string, nodeId: string, at: number): Promise<Heard> {
    const transport = await network.join(nodeId, {
      access: {
        servers: [servers[at]?.url ?? ''],
        credential: { kind: 'user', user, password: passwordOf(user) },
        tls: null,
      },
    });
    return listening(transport, memberOf(nodeId));
  }
  const hail: Hail = {
    state: 'empty',
    nodeId: 'n1' as NodeId,
    instance: 'i-n1' as InstanceId,
    sees: {},
    wants: 'found',
  };

  test('carry what nodes say from one to another, and none of it is refused', async () => {
    const [n1, n2, n3] = [await joinAs('n1', 'n1', 0), await joinAs('n2', 'n2', 1), await joinAs('n3', 'n3', 2)];
    // Which servers know of each other's subscriptions by now is not known: it is said until it is heard.
    const all = [n1, n2, n3];
    await until(
      () => {
        for (const from of all)
          for (const to of all) if (from !== to) from.transport.send(to.self, batchOf([], ['hello']));
        n1.transport.hail(hail);
        return all.every(({ batches }) => new Set(batches.map(({ from }) => from)).size === 2) && n3.hails.length > 0;
      },
      () => JSON.stringify(all.map(({ batches, hails }) => [batches.length, hails.length])),
    );
    assert.deepEqual(
      network.events.filter((event) => event.includes('refused')),
      [],
    );
    await Promise.all(all.map(({ transport }) => transport.close()));
  });

  test('let no node speak, or listen, under the name of another', async () => {
    const n2 = await joinAs('n2', 'n2', 0);
    const posing = listening(
      network.open('n3', {
        access: {
          servers: [servers[0]?.url ?? ''],
          credential: { kind: 'user', user: 'n1', password: passwordOf('n1') },
          tls: null,
        },
      }),
      memberOf('n3'),
    );
    const refused = [
      'subscription xcron.demo.raft.0.n3.*',
      'publish xcron.demo.raft.0.n2.n3',
      'publish xcron.demo.raft.0.all.n3',
    ];
    await until(
      () => {
        posing.transport.send(n2.self, batchOf([], ['said as n3']));
        posing.transport.hail({ ...hail, nodeId: 'n3' as NodeId });
        return refused.every((what) => network.events.includes(`n3 refused: ${what}`));
      },
      () => network.events.join('\n'),
    );
    assert.match(posing.transport.trouble() ?? '', /does not let this node listen to xcron\.demo\.raft\.0\.n3\.\*/);
    const n1 = await joinAs('n1', 'n1', 0);
    n1.transport.send(n2.self, batchOf([], ['said as n1']));
    await until(
      () => n2.batches.length > 0,
      () => 'nothing arrived',
    );
    assert.deepEqual([n2.batches.map(({ batch }) => batch.notes), n2.hails], [[['said as n1']], []]);
    await Promise.all([n1, n2, posing].map(({ transport }) => transport.close()));
  });

  test('let a node hear what is asked of it, of any and of all, and not what is asked of another', async () => {
    const n2 = await connect({ servers: servers[0]?.url ?? '', user: 'n2', pass: passwordOf('n2') });
    const heard: string[] = [];
    const refused: string[] = [];
    void (async () => {
      for await (const status of n2.status()) refused.push(status.permissionContext?.subject ?? '');
    })();
    const asked = ['read.status', 'admin.node.n2.drain', 'admin.all.trace', 'admin.node.n1.drain'];
    for (const subject of ['read.status', 'admin.node.n2.*', 'admin.all.*', 'admin.node.n1.*', '>'])
      n2.subscribe(`xcron.demo.ops.${subject}`, {
        callback: (error, message) => void (error === null && heard.push(message.subject)),
      });
    await n2.flush();
    const operator = await connect({ servers: servers[0]?.url ?? '', user: 'operator', pass: passwordOf('operator') });
    for (const subject of asked.toReversed()) operator.publish(`xcron.demo.ops.${subject}`);
    await until(
      () => heard.includes('xcron.demo.ops.read.status') && refused.length > 1,
      () => `heard ${heard.join(', ')}; refused ${refused.join(', ')}`,
    );
    assert.deepEqual(
      heard.toSorted(),
      asked
        .slice(0, 3)
        .map((subject) => `xcron.demo.ops.${subject}`)
        .toSorted(),
    );
    assert.deepEqual(refused.toSorted(), ['xcron.demo.ops.>', 'xcron.demo.ops.admin.node.n1.*']);
    await Promise.all([n2.close(), operator.close()]);
  });

  test('let an operator ask, and not speak as a node', async () => {
    const n2 = await joinAs('n2', 'n2', 0);
    const pass = passwordOf('operator');
    const operator = await connect({ servers: servers[0]?.url ?? '', user: 'operator', pass });
    const refused: string[] = [];
    void (async () => {
      for await (const status of operator.status()) refused.push(status.permissionContext?.subject ?? '');
    })();
    operator.publish('xcron.demo.raft.0.n2.n1', 'anything');
    operator.publish('xcron.demo.ops.read.status', 'anything');
    await operator.flush();
    await until(
      () => refused.length > 0,
      () => 'nothing was refused',
    );
    assert.deepEqual([refused, n2.transport.counts().receivedMessages], [['xcron.demo.raft.0.n2.n1'], 0]);
    await operator.close();
    await n2.transport.close();
  });

  test('let nobody in without a password, and a node says so and goes on trying', async () => {
    const transport = network.open('n4', {
      access: { servers: [servers[0]?.url ?? ''], credential: { kind: 'none' }, tls: null },
    });
    await until(
      () => network.events.includes('n4 disconnected: AUTHORIZATION_VIOLATION'),
      () => network.events.join('\n'),
    );
    assert.match(transport.trouble() ?? '', /AUTHORIZATION_VIOLATION/);
  });

  test('one of them dies: its nodes find another', async () => {
    const access = (at: readonly number[]) => ({
      servers: at.map((one) => servers[one]?.url ?? ''),
      credential: { kind: 'user', user: 'n1', password: passwordOf('n1') } as const,
      tls: null,
    });
    const n2 = await joinAs('n2', 'n2', 1);
    const first = await network.join('n1', { access: access([0]) });
    await first.close();
    const transport = await network.join('n1', { access: access([0, 2]) });
    await servers[0]?.kill('SIGKILL');
    await until(
      async () => {
        await connected(transport);
        transport.send(n2.self, batchOf([], ['still here']));
        return n2.batches.length > 0;
      },
      () => network.events.join('\n'),
    );
  });
});
