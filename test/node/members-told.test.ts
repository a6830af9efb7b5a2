import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MembersTold } from '../../src/node/members-told.ts';
import type { Leading } from '../../src/raft/core.ts';
import type { Configuration, InstanceId, NodeId } from '../../src/raft/types.ts';

const of = (...names: readonly string[]): Configuration => ({
  members: names.map((name) => ({ nodeId: name as NodeId, instance: 'i' as InstanceId, kind: 'voter' })),
});
/** Whether it leads is all that is looked at. */
const LEADING = {} as Leading;

test('a leader says who the members are once that is committed and no longer joint, and a follower says nothing', () => {
  const [first, second, third] = [of('n1'), of('n1', 'n2'), of('n1', 'n3')];
  const core = { configuration: first, configurations: [{ index: 1, configuration: first }], commitIndex: 1 };
  const said: Configuration[] = [];
  const shown = { ...core, leading: LEADING as Leading | null };
  const told = new MembersTold({ core: shown, events: { membersChanged: (one) => said.push(one) } });
  const become = (configuration: Configuration, index: number): void => {
    shown.configuration = configuration;
    shown.configurations = [...shown.configurations, { index, configuration }];
    told.look();
  };
  told.look();
  become({ ...second, outgoing: first.members }, 2);
  shown.commitIndex = 2;
  told.look();
  become(second, 3);
  assert.deepEqual(said, []);
  shown.commitIndex = 3;
  told.look();
  told.look();
  assert.deepEqual(said, [second]);
  shown.leading = null;
  become(third, 4);
  shown.commitIndex = 4;
  told.look();
  shown.leading = LEADING;
  told.look();
  assert.deepEqual(said, [second]);
  // Of a leader's that died before it was committed.
  shown.leading = null;
  become(first, 5);
  shown.leading = LEADING;
  shown.commitIndex = 5;
  told.look();
  assert.deepEqual(said, [second, first]);
});
