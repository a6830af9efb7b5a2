import type { RaftRoleEvent } from '../../machines/raft-role.ts';
import { createRaftCore, type RaftCore } from '../../src/raft/core.ts';
import type { Message } from '../../src/raft/messages.ts';
import type { Effect, Input, LogReader } from '../../src/raft/ports.ts';
import { moveRole, roleAt } from '../../src/raft/role.ts';
import { step } from '../../src/raft/step.ts';
import type { Configuration, Entry, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';

/** What the pure core costs: one event of the role machine, and turns of 64 entries, alone and among three. */
const TIMES = 200_000;
const TURNS = 10_000;
const ENTRIES = 64;
const ENTRY_BYTES = 200;
const TIMINGS = { heartbeatMs: 80, electionTimeoutMinMs: 400, electionTimeoutMaxMs: 800 };

function microseconds(times: number, run: () => void): number {
  for (let at = 0; at < times / 10; at += 1) run();
  const began = performance.now();
  for (let at = 0; at < times; at += 1) run();
  return ((performance.now() - began) * 1_000) / times;
}

const instance = 'i1' as InstanceId;
const idOf = (name: string): MemberId => memberId(name as NodeId, instance);

/** Cores whose disk and network take no time. */
function createCores(...names: readonly string[]): Map<MemberId, RaftCore> {
  const configuration: Configuration = {
    members: names.map((name) => ({ nodeId: name as NodeId, instance, kind: 'voter' })),
  };
  return new Map(names.map((name) => [idOf(name), createCore(idOf(name), configuration)]));
}

function createCore(self: MemberId, configuration: Configuration): RaftCore {
  const nothing: LogReader = { read: () => [] as Entry[], termAt: () => undefined };
  return createRaftCore(
    {
      self,
      hardState: { term: 0, votedFor: null },
      configurations: [{ index: 0, configuration }],
      log: nothing,
      base: { index: 0, term: 0 },
      lastIndex: 0,
      lastTerm: 0,
      appliedIndex: 0,
      recovering: false,
      featureLevel: 1,
    },
    TIMINGS,
  );
}

/** Feeds a core, and everybody all that follows, until nothing does: a member gets all its messages in one turn. */
function run(cores: ReadonlyMap<MemberId, RaftCore>, first: RaftCore, ...inputs: readonly Input[]): void {
  const mailboxes = new Map<RaftCore, Message[]>();
  take(cores, mailboxes, first, inputs);
  while (mailboxes.size > 0) {
    for (const [core, messages] of mailboxes) {
      mailboxes.delete(core);
      take(cores, mailboxes, core, [{ type: 'receive', messages }]);
    }
  }
}

function take(
  cores: ReadonlyMap<MemberId, RaftCore>,
  mailboxes: Map<RaftCore, Message[]>,
  core: RaftCore,
  inputs: readonly Input[],
): void {
  let next = inputs;
  while (next.length > 0) {
    const effects: readonly Effect[] = step(core, next);
    const completions: Input[] = [];
    for (const effect of effects) {
      if (effect.type === 'persist') completions.push({ type: 'persisted', persistId: effect.persistId });
      else if (effect.type === 'committed') completions.push({ type: 'applied', index: effect.index });
      else if (effect.type === 'send') for (const message of effect.messages) post(cores, mailboxes, message);
    }
    next = completions;
  }
}

function post(cores: ReadonlyMap<MemberId, RaftCore>, mailboxes: Map<RaftCore, Message[]>, message: Message): void {
  const to = cores.get(message.to);
  if (to === undefined) return;
  const waiting = mailboxes.get(to);
  if (waiting === undefined) mailboxes.set(to, [message]);
  else waiting.push(message);
}

function turnOfEntries(...names: readonly string[]): number {
  const cores = createCores(...names);
  const [leader] = cores.values();
  if (leader === undefined) throw new Error('a cluster has members');
  run(cores, leader, { type: 'tick', monotonicMs: 0, random: 0 });
  run(cores, leader, { type: 'tick', monotonicMs: TIMINGS.electionTimeoutMaxMs, random: 0 });
  const proposals = Array.from({ length: ENTRIES }, (_, proposalId) => ({
    proposalId,
    kind: 'events' as const,
    data: 'x'.repeat(ENTRY_BYTES),
  }));
  const before = leader.commitIndex;
  const cost = microseconds(TURNS, () => run(cores, leader, { type: 'propose', proposals }));
  if (leader.commitIndex - before !== (TURNS + TURNS / 10) * ENTRIES) throw new Error('not everything was committed');
  return cost;
}

export function benchCore(): void {
  const self = idOf('n1');
  const leader = roleAt('leader', { self, term: 3, votedFor: self, leader: self });
  const proposed: RaftRoleEvent = { type: 'PROPOSED' };
  const event = microseconds(TIMES, () => moveRole(leader, proposed));
  console.log(`one event of the role machine: ${event.toFixed(2)} µs (goal < 4)`);
  const alone = turnOfEntries('n1');
  console.log(
    `a turn of ${ENTRIES} entries, from proposed to applied, a sole voter: ${alone.toFixed(1)} µs (goal < 100)`,
  );
  const three = turnOfEntries('n1', 'n2', 'n3');
  console.log(`the same by a leader with two followers, their steps included: ${three.toFixed(1)} µs (goal < 100)`);
}
