import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Acknowledging } from '../../src/node/acknowledging.ts';
import { SEND_LEASE_OVER_MS } from '../../src/node/limits.ts';
import type { RaftCore } from '../../src/raft/core.ts';
import { createProgress, type Progress } from '../../src/raft/progress.ts';
import type { Configuration, InstanceId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';

const member = (name: string) => ({ nodeId: name as NodeId, instance: 'i' as InstanceId, kind: 'voter' as const });
const idOf = (name: string, instance = 'i') => memberId(name as NodeId, instance as InstanceId);

interface Leader {
  readonly core: RaftCore;
  readonly acknowledging: Acknowledging;
  peer(name: string): Progress;
  members(...names: string[]): void;
  passMs(ms: number): void;
  stepDown(): void;
}

/** A leader whose term began a lease ago. */
function leader(): Leader {
  const configuration: Configuration = { members: ['n1', 'n2', 'n3'].map(member) };
  const peers = new Map(['n2', 'n3'].map((name) => [idOf(name), createProgress(1, 0)]));
  const core = { self: idOf('n1'), monotonicMs: 0, configuration, leading: { peers } } as unknown as RaftCore;
  const acknowledging = new Acknowledging(core);
  acknowledging.termBegun();
  core.monotonicMs = 10_000;
  const peer = (name: string): Progress => peers.get(idOf(name)) as Progress;
  return {
    core,
    acknowledging,
    peer,
    members(...names) {
      core.configuration = { members: names.map(member) };
      acknowledging.look();
    },
    passMs(ms) {
      core.monotonicMs += ms;
      acknowledging.look();
    },
    stepDown() {
      core.leading = null;
      acknowledging.look();
    },
  };
}

/** What it came to by now, if to anything. */
async function now(promise: Promise<boolean>): Promise<boolean | 'waits'> {
  return await Promise.race([promise, new Promise<'waits'>((resolve) => setImmediate(resolve, 'waits'))]);
}

test('a holder is silent when it has applied the change, or when its lease is over', async () => {
  const { acknowledging, peer, passMs } = leader();
  peer('n2').readConfirmedAtMs = 10_000;
  peer('n3').readConfirmedAtMs = 10_000;
  const both = acknowledging.untilSilent(7, ['n2', 'n3']);
  peer('n2').appliedIndex = 7;
  passMs(SEND_LEASE_OVER_MS);
  assert.equal(await now(both), 'waits');
  passMs(1);
  assert.equal(await now(both), true);
});

test('who leads no more cannot say who is silent: the change is not acknowledged by that (I6)', async () => {
  const { acknowledging, peer, stepDown } = leader();
  peer('n2').readConfirmedAtMs = 10_000;
  const waiting = acknowledging.untilSilent(7, ['n2']);
  stepDown();
  assert.equal(await now(waiting), false);
});

test('nor who has stopped, or whose disk failed: nobody waits for ever', async () => {
  const { acknowledging, peer } = leader();
  peer('n2').readConfirmedAtMs = 10_000;
  const waiting = acknowledging.untilSilent(7, ['n2']);
  acknowledging.stop();
  assert.equal(await now(waiting), false);
  assert.equal(await now(acknowledging.untilSilent(7, ['n2'])), false);
  assert.equal(await now(acknowledging.untilSilent(7, [])), true);
});

test('a holder that is no member any more has its lease all the same', async () => {
  const { acknowledging, peer, members, passMs } = leader();
  peer('n2').readConfirmedAtMs = 9_999;
  members('n1', 'n3');
  const waiting = acknowledging.untilSilent(7, ['n2']);
  passMs(SEND_LEASE_OVER_MS);
  assert.equal(await now(waiting), 'waits');
  passMs(1);
  assert.equal(await now(waiting), true);
});

test('who left lately may hold what nobody knows of, and is waited for; one who comes is not', async () => {
  const { acknowledging, peer, members, passMs } = leader();
  for (const name of ['n2', 'n3']) peer(name).appliedIndex = 7;
  members('n1', 'n2');
  const unknown = acknowledging.untilSilent(7, null);
  assert.equal(await now(acknowledging.untilSilent(7, ['n2'])), true);
  passMs(SEND_LEASE_OVER_MS);
  assert.equal(await now(unknown), 'waits');
  passMs(1);
  assert.equal(await now(unknown), true);
  members('n1', 'n2', 'n3');
  peer('n3').appliedIndex = 8;
  assert.equal(await now(acknowledging.untilSilent(7, null)), true);
});

test('an instance that another took the place of has its lease all the same: what the new one applied says nothing of it', async () => {
  const { core, acknowledging, peer, passMs } = leader();
  peer('n2').readConfirmedAtMs = 10_000;
  const again = { ...member('n2'), instance: 'again' as InstanceId };
  core.leading?.peers.set(idOf('n2', 'again'), { ...createProgress(1, 0), appliedIndex: 7 });
  core.configuration = { members: [member('n1'), member('n3'), again] };
  acknowledging.look();
  const waiting = acknowledging.untilSilent(7, ['n2']);
  passMs(SEND_LEASE_OVER_MS);
  assert.equal(await now(waiting), 'waits');
  passMs(1);
  assert.equal(await now(waiting), true);
});

test('nor is it silent while both are members, whichever stands first', async () => {
  const { core, acknowledging, peer, passMs } = leader();
  peer('n2').readConfirmedAtMs = 10_000;
  const again = { ...member('n2'), instance: 'again' as InstanceId, kind: 'learner' as const };
  core.leading?.peers.set(idOf('n2', 'again'), { ...createProgress(1, 0), appliedIndex: 7 });
  core.configuration = { members: [again, ...['n1', 'n2', 'n3'].map(member)] };
  acknowledging.look();
  const waiting = acknowledging.untilSilent(7, ['n2']);
  assert.equal(await now(waiting), 'waits');
  peer('n2').appliedIndex = 7;
  passMs(1);
  assert.equal(await now(waiting), true);
});
