import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runHere } from '../cli/running.ts';
import { type Operator, operatorOf } from '../control/offering.ts';
import { type NatsCluster, openNatsCluster } from './nats-cluster.ts';
import { until } from './serving.ts';

/** The same operations through three doors, of a cluster of real processes: what came of each is the same. */

let cluster: NatsCluster;
let operator: Operator;
before(async () => {
  cluster = await openNatsCluster(['n1', 'n2', 'n3']);
  operator = await operatorOf(cluster.nats);
  // A node offers its operations on a connection of its own, a moment after it is ready.
  await until(
    () => [...cluster.nodes.values()].every(({ output }) => output().includes('operations are offered over NATS')),
    () => 'a node does not offer its operations',
  );
});
after(async () => {
  await operator.connection.close();
  await cluster.close();
});

type Input = Readonly<Record<string, unknown>>;
/** `done`, or the code of a refusal. */
type Door = (verb: string, input: Input) => Promise<string>;

const overNats: Door = async (verb, input) => {
  const node = typeof input.node === 'string' ? `node.${input.node}.` : '';
  const { node: _, ...body } = input;
  const { ok, error } = await operator.ask(`xcron.demo.ops.admin.${node}${verb}`, body);
  return ok ? 'done' : (error?.code ?? 'no code');
};

const overHttp: Door = async (verb, { node = 'n1', ...body }) => {
  const { url } = cluster.node(String(node));
  const answer = await fetch(`${url}/v1/cluster/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = (await answer.json()) as { readonly code?: string };
  return answer.ok ? 'done' : (json.code ?? 'no code');
};

/** A person is told why, not by which code: any refusal is `refused` here. */
const byCommand: Door = async (verb, { node = 'n1', level, on, node_id, task_id, ...flags }) => {
  const argument = level ?? (on === undefined ? undefined : on === true ? 'on' : 'off') ?? node_id ?? task_id;
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = ['--server', cluster.node(String(node)).url];
  const words = ['cluster', verb, ...(argument === undefined ? [] : [String(argument)]), ...given, ...server];
  const { code } = await runHere(words);
  return code === 0 ? 'done' : code === 1 ? 'refused' : `exit ${code}`;
};

async function everything(door: Door, taskId: string): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (const [verb, input] of [
    ['pause', {}],
    ['resume', {}],
    ['drain', { node_id: 'n2' }],
    ['undrain', { node_id: 'n2' }],
    ['drain', { node_id: 'n9' }],
    ['promote', { node_id: 'n2' }],
    ['promote', { node_id: 'n9' }],
    ['remove', { node_id: 'n9' }],
    ['add', { node_id: 'n2', instance: 'another', kind: 'worker' }],
    ['transfer', { node_id: await otherThanLeader() }],
    ['transfer', { node_id: 'n9' }],
    ['transfer', {}],
    ['run-task', { task_id: taskId }],
    ['run-task', { task_id: '12' }],
    ['snapshot', { node: 'n3' }],
    ['backup', { node: 'n3' }],
    ['log-level', { node: 'n2', level: 'warn' }],
    ['trace', { node: 'n2', on: true }],
    ['trace', { node: 'n2', on: false }],
    ['restore', {}],
  ] as const) {
    await cluster.leader();
    outcomes.push(`${verb} ${await door(verb, input)}`);
  }
  return outcomes;
}

async function otherThanLeader(): Promise<string> {
  const leader = await cluster.leader();
  return ['n1', 'n2', 'n3'].find((nodeId) => nodeId !== leader) ?? '';
}

test('every operation comes to the same over NATS, over HTTP and by command', async () => {
  const created = await fetch(`${cluster.node('n2').url}/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schedule: '0 0 1 1 *', callback: { url: 'http://127.0.0.1:9/' } }),
  });
  assert.equal(created.status, 201);
  const { id } = (await created.json()) as { readonly id: string };
  const nats = await everything(overNats, id);
  assert.deepEqual(nats, [
    'pause done',
    'resume done',
    'drain done',
    'undrain done',
    'drain member_not_found',
    'promote done',
    'promote member_not_found',
    'remove member_not_found',
    'add operation_refused',
    'transfer done',
    'transfer member_not_found',
    'transfer done',
    'run-task done',
    'run-task task_not_found',
    'snapshot done',
    'backup done',
    'log-level done',
    'trace done',
    'trace done',
    'restore live_restore_refused',
  ]);
  assert.deepEqual(await everything(overHttp, id), nats);
  assert.deepEqual(
    await everything(byCommand, id),
    nats.map((outcome) => (outcome.endsWith(' done') ? outcome : outcome.replace(/ \w+$/, ' refused'))),
  );
});

test('the service protocol lists three nodes, one of which leads', async () => {
  const leader = await cluster.leader();
  const stats = await operator.askAll('$SRV.STATS.xcron', 3);
  const seen = stats.map(({ endpoints }) => {
    const [first] = endpoints as {
      readonly data: { readonly node_id: string; readonly role: string; readonly term: number };
    }[];
    return first?.data;
  });
  assert.deepEqual(seen.map((data) => data?.node_id).toSorted(), ['n1', 'n2', 'n3']);
  assert.deepEqual(
    seen.filter((data) => data?.role === 'leader').map((data) => data?.node_id),
    [leader],
  );
  assert.equal(new Set(seen.map((data) => data?.term)).size, 1);
});

test('what was asked for, and what came of it, is told by every node', async () => {
  const audit = await operator.askAll('xcron.demo.ops.read.all.audit', 3);
  for (const { result } of audit) {
    const { items } = result as { readonly items: readonly Readonly<Record<string, string | null>>[] };
    const doors = new Set(items.filter(({ operation }) => operation === 'pause-scheduling').map(({ by }) => by));
    assert.deepEqual([...doors].toSorted(), ['anonymous', 'nats']);
    // Each was answered, and all but the last long ago.
    const ends = new Set(items.slice(1).map(({ outcome }) => outcome));
    assert.deepEqual([...ends], ['done']);
  }
});
