import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { addClusterCommands } from '../../src/cli/cluster-commands.ts';
import { VERBS } from '../../src/control/verbs.ts';
import { type FakeAnswer, fakeNode, problem, runHere } from './running.ts';

const ok = (json: object): FakeAnswer => ({ status: 200, body: JSON.stringify(json) });

test('there is a command for each verb, and a verb for each command', () => {
  const program = new Command();
  addClusterCommands(program, async () => {});
  const commands = program.commands[0]?.commands.map((command) => command.name()) ?? [];
  assert.deepEqual(commands.toSorted(), VERBS.map(({ name }) => name).toSorted());
});

test('what is asked goes to the node as the API has it, and what came of it is said', async (t) => {
  const node = await fakeNode(t, () => ok({ changed: true }));
  const server = ['--server', node.url];
  for (const [args, path, body] of [
    [['pause'], '/v1/cluster/pause', {}],
    [['drain', 'n2', '--accept-no-sender'], '/v1/cluster/drain', { node_id: 'n2', accept_no_sender: true }],
    [['remove', 'n2'], '/v1/cluster/remove', { node_id: 'n2' }],
    [['transfer'], '/v1/cluster/transfer', {}],
    [['transfer', 'n3'], '/v1/cluster/transfer', { node_id: 'n3' }],
    [
      ['add', 'n4', '--instance', 'i4', '--kind', 'worker'],
      '/v1/cluster/add',
      { node_id: 'n4', instance: 'i4', kind: 'worker' },
    ],
    [['trace', 'off'], '/v1/cluster/trace', { on: false }],
  ] as const) {
    const { code, out } = await runHere(['cluster', ...args, ...server]);
    const asked = node.requests.at(-1);
    assert.deepEqual([code, asked?.method, asked?.url], [0, 'POST', path]);
    assert.deepEqual(JSON.parse(asked?.body ?? ''), body);
    assert.match(out, new RegExp(`^${args[0]}: done`));
  }
});

test('a warning that comes with the answer is said apart from it', async (t) => {
  const node = await fakeNode(t, () => ok({ changed: true, warning: 'n4 was not heard' }));
  const { code, out, err } = await runHere(['cluster', 'add', 'n4', '--instance', 'i4', '--server', node.url]);
  assert.deepEqual([code, out, err], [0, 'add: done', 'xcron: n4 was not heard']);
});

test('the audit is a table of what was asked for and what came of it', async (t) => {
  const record = { at: '2027-01-01T00:00:00.000Z', by: 'token', details: { node_id: 'n2' } };
  const items = [
    { ...record, operation: 'promote-member', outcome: 'refused', reason: 'it has not caught up' },
    { ...record, operation: 'drain-node', outcome: 'done', reason: null },
    { ...record, operation: 'remove-member', outcome: null, reason: null },
  ];
  const node = await fakeNode(t, () => ok({ items }));
  const { out } = await runHere(['cluster', 'audit', '--server', node.url]);
  assert.match(out, /promote-member +refused: it has not caught up +\{"node_id":"n2"\}/);
  assert.match(out, /drain-node +done /);
  assert.match(out, /remove-member +not known /);
});

test('a verb about another node goes to that node', async (t) => {
  const other = await fakeNode(t, () => ok({ node_id: 'n2', audited: true, level: 'debug', before: 'info' }));
  const first = await fakeNode(t, () =>
    ok({ node_id: 'n1', members: [{ node_id: 'n2', http_url: other.url }, { node_id: 'n3' }] }),
  );
  const level = ['cluster', 'log-level', 'debug', '--server', first.url];
  const { code, out } = await runHere([...level, '--node', 'n2']);
  assert.deepEqual([code, out], [0, 'log-level: done  node_id=n2  audited=true  level=debug  before=info']);
  assert.deepEqual(JSON.parse(other.requests[0]?.body ?? ''), { level: 'debug', node_id: 'n2' });
  const unknown = await runHere([...level, '--node', 'n3']);
  assert.deepEqual(
    [unknown.code, unknown.err],
    [1, 'xcron: n3 does not say where its HTTP is: ask it itself, with --server URL'],
  );
});

test('a refusal ends with 1 and its reason, no leader with 3', async (t) => {
  const refusing = await fakeNode(t, () => problem(409, 'would_lose_majority', 'two of three are gone'));
  const refused = await runHere(['cluster', 'remove', 'n3', '--server', refusing.url]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /two of three are gone/);
  const lonely = await fakeNode(t, () => problem(503, 'no_leader', 'nobody leads'));
  assert.equal((await runHere(['cluster', 'pause', '--server', lonely.url])).code, 3);
});

test('status and members are tables for a person', async (t) => {
  const members = [
    { node_id: 'n1', kind: 'voter', role: 'leader', alive: true, drained: false, match_index: 7, instance: 'i1' },
  ];
  const status = {
    cluster_id: 'c1',
    node_id: 'n1',
    role: 'leader',
    term: 3,
    leader_id: 'n1',
    ready: true,
    scheduling: 'paused',
    members,
  };
  const node = await fakeNode(t, ({ url }) => ok(url === '/v1/cluster' ? status : { items: members }));
  const { out } = await runHere(['cluster', 'status', '--server', node.url]);
  assert.match(out, /^cluster c1, seen by n1: leader in term 3, leader n1/);
  assert.match(out, /scheduling paused/);
  assert.match(out, /n1 +voter +leader +yes +no +7/);
  assert.match((await runHere(['cluster', 'members', '--server', node.url])).out, /n1 +voter/);
});
