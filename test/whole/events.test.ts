import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../cli/running.ts';
import { type Operator, operatorOf } from '../control/offering.ts';
import { createTask, readJson, YEARLY } from './client.ts';
import { type NatsCluster, openNatsCluster } from './nats-cluster.ts';
import { until } from './serving.ts';

/** Events of a cluster of real processes: by command from any of them, and over NATS. */

let cluster: NatsCluster;
let operator: Operator;
before(async () => {
  cluster = await openNatsCluster(['n1', 'n2', 'n3'], {}, ['--nats-events']);
  operator = await operatorOf(cluster.nats);
});
after(async () => {
  await operator.connection.close();
  await cluster.close();
});

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly task_id?: string;
}

const toldIn = (text: string): readonly Told[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Told);

async function urlsSeenBy(nodeId: string): Promise<readonly (string | null)[]> {
  const { value } = await readJson<{ readonly members: readonly { readonly http_url: string | null }[] }>(
    `${cluster.node(nodeId).url}/v1/cluster`,
  );
  return value.members.map(({ http_url }) => http_url);
}

test('a follower tells what the leader does, and when it ends another goes on: each event once; NATS has each once', async (t) => {
  const published: Told[] = [];
  const subscription = operator.connection.subscribe('xcron.demo.events.>', {
    callback: (_error, message) => void published.push(message.json<Told>()),
  });
  await operator.connection.flush();
  const leader = await cluster.leader();
  const [followed = '', other = ''] = ['n1', 'n2', 'n3'].filter((nodeId) => nodeId !== leader);
  // So that it knows of the others when that one goes.
  await until(
    async () => (await urlsSeenBy(followed)).every((url) => url !== null),
    async () => JSON.stringify(await urlsSeenBy(followed)),
  );
  const following = start(t, ['events', '--kind', 'TaskCreated', '--json', '--server', cluster.node(followed).url]);
  const mine = (): readonly Told[] => toldIn(following.out());
  const created: string[] = [];
  const create = async (nodeId: string): Promise<void> => {
    const { taskId } = await createTask(cluster.node(nodeId).url, YEARLY);
    created.push(taskId);
  };
  // Until it follows, what happens is not told: it begins now.
  await until(
    async () => {
      await create(leader);
      return mine().length > 0;
    },
    () => following.err(),
  );
  const first = created.indexOf(mine()[0]?.task_id ?? '');
  for (const nodeId of [leader, followed, other]) await create(nodeId);
  await until(
    () => mine().length === created.length - first,
    () => following.out(),
  );
  await cluster.kill(followed, 'SIGTERM');
  for (const nodeId of [other, leader, other]) await create(nodeId);
  await until(
    () => mine().length >= created.length - first,
    () => following.out() + following.err(),
  );
  assert.deepEqual(
    mine().map(({ task_id }) => task_id),
    created.slice(first),
  );
  assert.match(following.err(), /goes on at http/);

  // Of leaders alone, so at most once: what a change of leaders fell upon may be missing, and all comes under the same ids.
  await until(
    async () => {
      await create(other);
      return published.filter(({ kind }) => kind === 'TaskCreated').length >= 5;
    },
    () => JSON.stringify(published.map(({ kind }) => kind)),
  );
  await until(
    () => mine().length === created.length - first,
    () => following.out(),
  );
  const ids = published.filter(
    ({ kind, task_id }) => kind === 'TaskCreated' && created.indexOf(task_id ?? '') >= first,
  );
  assert.deepEqual(
    ids.map(({ id }) => id),
    mine()
      .map(({ id }) => id)
      .filter((id) => ids.some((one) => one.id === id)),
  );
  subscription.unsubscribe();

  let figures: readonly object[] = [];
  await until(
    async () => {
      const urls = [leader, other].map((nodeId) => `${cluster.node(nodeId).url}/v1/stats`);
      const told = await Promise.all(
        urls.map((url) => readJson<{ readonly total: { readonly created: number } }>(url)),
      );
      figures = told.map(({ value }) => value.total);
      return told.every(({ value }) => value.total.created === created.length);
    },
    () => JSON.stringify(figures),
  );
  assert.deepEqual(figures[0], figures[1], 'each node counts the same');
  following.kill('SIGINT');
  assert.equal((await following.ended).code, 0);
});

test('what cannot be followed is said, with the exit code of its kind', async (t) => {
  const server = cluster.node(await cluster.leader()).url;
  for (const [args, code, said] of [
    [['--kind', 'Nothing', '--server', server], 1, /must be of TaskCreated/],
    [['--after', 'nonsense', '--server', server], 1, /none that this API gives/],
    [['--server', 'http://127.0.0.1:9'], 3, /no node answers/],
    [['--after', 'x', '--oldest'], 2, /allowed: one of them/],
  ] as const) {
    const ran = await start(t, ['events', ...args]).ended;
    assert.equal(ran.code, code, ran.err);
    assert.match(ran.err, said);
  }
  const oldest = start(t, ['events', '--oldest', '--server', server]);
  await oldest.until('out', /^\S+Z {2}TaskCreated {9}\d+ {2}next_at=\S+$/m);
  await oldest.until('out', /^- {23} {2}TermStarted {9}- {19}term=\d+$/m).catch(() => assert.fail(oldest.out()));
});
