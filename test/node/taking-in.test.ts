import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TakingIn } from '../../src/node/taking-in.ts';
import type { Hail } from '../../src/raft/forming.ts';
import { memberId } from '../../src/raft/types.ts';

const LEADER = { nodeId: 'n1' as never, instance: 'i1' as never, kind: 'voter' as const };

/** A leader of one, in its `incarnation`th start, or a node that wants to be a worker of it. */
function node(nodeId: string, incarnation: number) {
  const self = memberId(nodeId as never, 'i1' as never);
  const said: Hail[] = [];
  const takenIn: string[] = [];
  const refused: string[] = [];
  const own = new TakingIn({
    identity: {
      clusterId: 'c' as never,
      nodeId: nodeId as never,
      instance: 'i1' as never,
      incarnation: incarnation as never,
    },
    transport: { hail: (hail: Hail) => said.push(structuredClone(hail)) } as never,
    replica: {
      core: { self, configuration: { members: [LEADER] }, leading: { peers: new Map() }, monotonicMs: 0 },
      changeMembers: async ({ member }: { readonly member: { readonly nodeId: string; readonly kind: string } }) => {
        takenIn.push(`${member.nodeId} as a ${member.kind}`);
        return { kind: 'done' };
      },
    } as never,
    leadership: { mayDecide: true } as never,
    clock: { setTimer: () => ({ cancel() {} }) } as never,
    wants: 'worker',
    events: { takenIn() {}, notTakenIn: (_nodeId, reason) => refused.push(reason) },
  });
  return { own, said, takenIn, refused };
}

/** What one has said, told to the other. */
function tell(from: ReturnType<typeof node>, to: ReturnType<typeof node>): readonly Hail[] {
  const said = from.said.splice(0);
  for (const hail of said) to.own.hailed(hail);
  return said;
}

test('who calls hears who answers, calls that one, and is taken in', () => {
  const [leader, worker] = [node('n1', 3), node('w1', 1)];
  worker.own.begin();
  tell(worker, leader);
  assert.deepEqual(leader.takenIn, [], 'it has answered nobody yet');
  tell(leader, worker);
  tell(worker, leader);
  assert.deepEqual(leader.takenIn, ['w1 as a worker']);
  assert.deepEqual(leader.refused, []);
});

test('a call that somebody recorded takes nobody in with a leader that has started since', () => {
  const [leader, worker] = [node('n1', 3), node('w1', 1)];
  worker.own.begin();
  const recorded = [...tell(worker, leader)];
  tell(leader, worker);
  recorded.push(...tell(worker, leader));
  assert.deepEqual(leader.takenIn, ['w1 as a worker'], 'these are the calls that do it');

  const later = node('n1', 4);
  for (const hail of recorded) later.own.hailed(hail);
  assert.deepEqual(later.takenIn, []);
});

test('a call of an older version, which answers nobody, is refused with the reason', () => {
  const leader = node('n1', 3);
  leader.own.hailed({ state: 'empty', nodeId: 'w1', instance: 'i1', sees: {}, wants: 'worker' });
  assert.deepEqual(leader.takenIn, []);
  assert.match(leader.refused.join(), /answers nobody/);
});
