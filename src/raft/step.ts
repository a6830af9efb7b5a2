import type { RaftRoleAction, RaftRoleEvent } from '../../machines/raft-role.ts';
import { invariant, unreachable } from '../invariant.ts';
import type { RaftCore } from './core.ts';
import type { Effect, Input, Proposal } from './ports.ts';
import { isQuorum, quorumIndex, votersOf } from './quorum.ts';
import { moveRole, roleOf } from './role.ts';
import type { Entry, EntryKind, HardState, MemberId, Term } from './types.ts';

/** One turn of consensus: all inputs that waited, one set of effects, at most one of them a disk write. */
export function step(core: RaftCore, inputs: readonly Input[]): readonly Effect[] {
  const turn = new Turn(core);
  for (const input of inputs) turn.take(input);
  return turn.effects();
}

/** Collects what one step brings about. Lives for one call. */
class Turn {
  readonly #core: RaftCore;
  readonly #before: { role: string; term: Term; leader: string | null; commitIndex: number };
  readonly #entries: Entry[] = [];
  readonly #others: Effect[] = [];
  #hardState: HardState | undefined;
  #proposals: readonly Proposal[] = [];
  #readIds: readonly number[] = [];

  constructor(core: RaftCore) {
    this.#core = core;
    this.#before = { ...this.#position(), commitIndex: core.commitIndex };
  }

  take(input: Input): void {
    switch (input.type) {
      case 'tick':
        this.#tick(input.monotonicMs, input.random);
        return;
      case 'propose':
        this.#propose(input.proposals);
        return;
      case 'persisted':
        this.#persisted(input.lastIndex, input.term);
        return;
      case 'applied':
        this.#applied(input.index);
        return;
      case 'read':
        this.#read(input.readIds);
        return;
      default:
        unreachable(input);
    }
  }

  effects(): readonly Effect[] {
    const core = this.#core;
    const effects: Effect[] = [];
    if (this.#hardState !== undefined || this.#entries.length > 0) {
      effects.push({
        type: 'persist',
        entries: this.#entries,
        ...(this.#hardState === undefined ? {} : { hardState: this.#hardState }),
      });
    }
    const now = this.#position();
    if (now.role !== this.#before.role || now.term !== this.#before.term || now.leader !== this.#before.leader) {
      effects.push({
        type: 'role-changed',
        role: roleOf(core.role),
        term: now.term,
        leader: now.leader as MemberId | null,
      });
    }
    effects.push(...this.#others);
    if (core.commitIndex > this.#before.commitIndex) effects.push({ type: 'committed', index: core.commitIndex });
    return effects;
  }

  #position(): { role: string; term: Term; leader: string | null } {
    const { term, leader } = this.#core.role.context;
    return { role: roleOf(this.#core.role), term, leader };
  }

  #move(event: RaftRoleEvent): boolean {
    const move = moveRole(this.#core.role, event);
    const term = this.#core.role.context.term;
    invariant(move.snapshot.context.term >= term, 'I8', `term went back from ${term} to ${move.snapshot.context.term}`);
    this.#core.role = move.snapshot;
    for (const action of move.actions) this.#act(action);
    return move.actions.length > 0;
  }

  #act(action: RaftRoleAction): void {
    const core = this.#core;
    switch (action.type) {
      case 'persistHardState':
        this.#hardState = { term: action.params.term, votedFor: action.params.votedFor as MemberId | null };
        return;
      case 'askPreVotes':
        // A pre-vote promises nothing, so this node's own needs no disk.
        core.votes = new Set([core.self]);
        this.#restartElectionTimer();
        if (this.#hasQuorumOfVotes()) this.#move({ type: 'PRE_VOTES_WON' });
        return;
      case 'askVotes':
        // The own vote is counted when it is on disk: see #persisted (I8, raft.md case 2).
        core.votes = new Set();
        this.#restartElectionTimer();
        return;
      case 'startTerm':
        this.#startTerm(action.params.term);
        return;
      case 'stepDown':
        core.termStartIndex = null;
        core.matchIndex.clear();
        this.#refuseReads(core.waitingReads.splice(0));
        this.#restartElectionTimer();
        return;
      case 'acceptProposals':
        this.#append(action.params.term);
        return;
      case 'acceptReads':
        core.waitingReads.push(...this.#readIds);
        this.#answerReads();
        return;
      default:
        unreachable(action);
    }
  }

  #tick(monotonicMs: number, random: number): void {
    const core = this.#core;
    core.monotonicMs = monotonicMs;
    core.random = random;
    if (core.electionDueAtMs === null) this.#restartElectionTimer();
    if (core.electionDueAtMs !== null && monotonicMs >= core.electionDueAtMs && roleOf(core.role) !== 'leader') {
      if (this.#mayCampaign()) this.#move({ type: 'ELECTION_DUE' });
      else this.#restartElectionTimer();
    }
  }

  /** Timeouts are random so that elections rarely collide (paper §5.2). A sole voter has nobody to wait for. */
  #restartElectionTimer(): void {
    const core = this.#core;
    const { electionTimeoutMinMs: min, electionTimeoutMaxMs: max } = core.timings;
    const voters = votersOf(core.configuration);
    const sole = voters.length === 1 && voters[0] === core.self;
    core.electionDueAtMs = core.monotonicMs + (sole ? 0 : min + core.random * (max - min));
  }

  #mayCampaign(): boolean {
    return votersOf(this.#core.configuration).includes(this.#core.self);
  }

  #hasQuorumOfVotes(): boolean {
    return isQuorum(votersOf(this.#core.configuration), (voter) => this.#core.votes.has(voter));
  }

  /** Nothing is decided in a term before an entry of it is committed and applied (I5, thesis §6.4). */
  #startTerm(term: Term): void {
    const core = this.#core;
    core.matchIndex.clear();
    core.termStartIndex = core.lastIndex + 1;
    this.#appendOne(term, 'term-started', '');
  }

  #propose(proposals: readonly Proposal[]): void {
    this.#proposals = proposals;
    const taken = this.#move({ type: 'PROPOSED' });
    this.#proposals = [];
    if (!taken) {
      const leader = this.#core.role.context.leader as MemberId | null;
      this.#others.push({ type: 'refused', proposalIds: proposals.map(({ proposalId }) => proposalId), leader });
    }
  }

  #append(term: Term): void {
    const at = this.#proposals.map(({ proposalId, kind, data }) => ({
      proposalId,
      index: this.#appendOne(term, kind, data),
    }));
    this.#others.push({ type: 'accepted', term, at });
  }

  #appendOne(term: Term, kind: EntryKind, data: string): number {
    const core = this.#core;
    const index = core.lastIndex + 1;
    this.#entries.push({ index, term, kind, data });
    core.lastIndex = index;
    core.lastTerm = term;
    return index;
  }

  #persisted(lastIndex: number, term: Term): void {
    const core = this.#core;
    invariant(lastIndex <= core.lastIndex, 'I1', `index ${lastIndex} is durable, the log ends at ${core.lastIndex}`);
    core.durableIndex = Math.max(core.durableIndex, lastIndex);
    core.durableTerm = Math.max(core.durableTerm, term);
    const role = roleOf(core.role);
    if (role === 'candidate' && core.durableTerm === core.role.context.term) {
      core.votes.add(core.self);
      if (this.#hasQuorumOfVotes()) this.#move({ type: 'VOTES_WON' });
    }
    if (role === 'leader') this.#advanceCommit();
  }

  /** Paper §5.3 and §5.4.2: a majority has it on disk, and it is of this leader's own term. */
  #advanceCommit(): void {
    const core = this.#core;
    const reached = quorumIndex(votersOf(core.configuration), (voter) =>
      voter === core.self ? core.durableIndex : (core.matchIndex.get(voter) ?? 0),
    );
    if (core.termStartIndex === null || reached < core.termStartIndex) return;
    invariant(reached <= core.lastIndex, 'I1', `commit ${reached} is past the log's end ${core.lastIndex}`);
    core.commitIndex = Math.max(core.commitIndex, reached);
  }

  #applied(index: number): void {
    const core = this.#core;
    invariant(index >= core.appliedIndex, 'I4', `applied went back from ${core.appliedIndex} to ${index}`);
    invariant(index <= core.commitIndex, 'I4', `applied ${index}, committed ${core.commitIndex}`);
    core.appliedIndex = index;
    this.#answerReads();
  }

  #read(readIds: readonly number[]): void {
    this.#readIds = readIds;
    const taken = this.#move({ type: 'READ_ASKED' });
    this.#readIds = [];
    if (!taken) this.#refuseReads(readIds);
  }

  #answerReads(): void {
    const core = this.#core;
    if (core.waitingReads.length === 0) return;
    if (core.termStartIndex === null || core.appliedIndex < core.termStartIndex) return;
    // A sole voter is its own quorum; more voters confirm by a heartbeat round.
    if (!isQuorum(votersOf(core.configuration), (voter) => voter === core.self)) return;
    this.#others.push({ type: 'read-ready', readIds: core.waitingReads.splice(0), index: core.commitIndex });
  }

  #refuseReads(readIds: readonly number[]): void {
    if (readIds.length === 0) return;
    this.#others.push({ type: 'read-refused', readIds, leader: this.#core.role.context.leader as MemberId | null });
  }
}
