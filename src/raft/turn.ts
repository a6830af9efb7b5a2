import type { RaftRoleAction, RaftRoleEvent } from '../../machines/raft-role.ts';
import { invariant } from '../invariant.ts';
import type { AskedReads, RaftCore } from './core.ts';
import { HELD_MESSAGES_MAX } from './limits.ts';
import { configurationAt, everyoneIn, mayStand } from './membership.ts';
import type { Message, MessageBody } from './messages.ts';
import type { Effect, Proposal } from './ports.ts';
import { voterSetsOf } from './quorum.ts';
import { appendEntry, truncateFrom } from './raft-log.ts';
import { moveRole, type RaftRole, roleOf } from './role.ts';
import type { Configuration, Entry, EntryKind, HardState, LogIndex, MemberId, Term } from './types.ts';

/** Collects what one step brings about. Lives for one call. */
export class Turn {
  readonly core: RaftCore;
  readonly #act: (turn: Turn, action: RaftRoleAction) => void;
  readonly #before: { readonly role: RaftRole; readonly term: Term; readonly leader: string | null };
  readonly #messages: Message[] = [];
  readonly #others: Effect[] = [];
  #entries: Entry[] = [];
  #hardState: HardState | undefined;
  /** What the event sent to the role machine is about; its action takes it from here. */
  proposing: readonly Proposal[] = [];
  asking: AskedReads | null = null;
  /** A committed configuration leaves this member out: it goes once it has told the others. */
  removed = false;

  constructor(core: RaftCore, act: (turn: Turn, action: RaftRoleAction) => void) {
    this.core = core;
    this.#act = act;
    this.#before = { role: this.role, term: this.term, leader: core.role.context.leader };
  }

  get role(): RaftRole {
    return roleOf(this.core.role);
  }
  get term(): Term {
    return this.core.role.context.term;
  }
  get leader(): MemberId | null {
    return this.core.role.context.leader as MemberId | null;
  }
  get nowMs(): number {
    return this.core.monotonicMs;
  }

  /** The only way in which role, term and vote change (I8). Returns whether the role took the event and asked for anything. */
  move(event: RaftRoleEvent): boolean {
    const { core } = this;
    core.watched?.push(event);
    const { snapshot, actions } = moveRole(core.role, event);
    invariant(snapshot.context.term >= this.term, 'I8', `term went back from ${this.term} to ${snapshot.context.term}`);
    core.role = snapshot;
    for (const action of actions) this.#act(this, action);
    return actions.length > 0;
  }

  persistHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  emit(effect: Effect): void {
    this.#others.push(effect);
  }

  /** Says nothing that the disk has to keep. */
  send(to: MemberId, body: MessageBody): void {
    this.#messages.push({ from: this.core.self, to, term: this.term, ...body });
  }

  /** Leaves when everything decided so far is on disk: a vote, an acknowledgement, or a word of the current term (I1, I8). */
  promise(to: MemberId, body: MessageBody): void {
    const { core } = this;
    const persistId = core.lastPersistId + (this.#hasWrites ? 1 : 0);
    if (!this.#hasWrites && core.persists.length === 0) this.send(to, body);
    else if (core.held.length < HELD_MESSAGES_MAX) {
      // A message may be lost at any time (I2), so one that finds no room is.
      core.held.push({ persistId, message: { from: core.self, to, term: this.term, ...body } });
    }
  }

  get #hasWrites(): boolean {
    return this.#hardState !== undefined || this.#entries.length > 0;
  }

  /** What of the held became durable goes out, unless its term has passed: then it promises what nobody asks any more. */
  releaseHeld(throughPersistId: number): void {
    const { held } = this.core;
    let count = 0;
    while (held[count] !== undefined && (held[count]?.persistId ?? 0) <= throughPersistId) count += 1;
    for (const { message } of held.splice(0, count)) if (message.term === this.term) this.#messages.push(message);
  }

  /** A leader's entry, at the end of its log (Leader Append-Only). */
  append(kind: EntryKind, data: string): LogIndex {
    const index = this.core.log.lastIndex + 1;
    this.#write({ index, term: this.term, kind, data });
    return index;
  }

  /** A follower's entries: those that it holds already are left alone, a conflict removes all that follows (paper §5.3). */
  appendFrom(entries: readonly Entry[]): void {
    for (const entry of entries) this.#write(entry);
  }

  #write(entry: Entry): void {
    appendEntry(this.core.log, entry);
    this.#entries.push(entry);
    if (entry.kind === 'configuration') this.#adopt(entry.index, JSON.parse(entry.data) as Configuration);
  }

  truncateFrom(index: LogIndex): void {
    const { core } = this;
    invariant(index > core.commitIndex, 'I2', `entry ${index} is committed (${core.commitIndex}) and would be removed`);
    truncateFrom(core.log, index);
    const kept = this.#entries.findIndex((entry) => entry.index >= index);
    if (kept >= 0) this.#entries.length = kept;
    core.durableIndex = Math.min(core.durableIndex, index - 1);
    for (const persist of core.persists) persist.lastIndex = Math.min(persist.lastIndex, index - 1);
    const before = configurationAt(core.configurations, index - 1);
    if (core.configurations.at(-1) !== before) {
      core.configurations = core.configurations.filter((placed) => placed.index < index);
      // A configuration that is truncated was never in force after all (raft.md, case 7).
      this.#comeIntoForce(before?.configuration ?? { members: [] }, before?.index ?? 0);
    }
  }

  /** In force from the moment it is appended, with its own majority (paper §6; raft.md, case 6). */
  #adopt(index: LogIndex, configuration: Configuration): void {
    this.core.configurations.push({ index, configuration });
    this.#comeIntoForce(configuration, index);
  }

  /** A snapshot brings the configuration that was in force at its index. */
  adoptFromSnapshot(index: LogIndex, configuration: Configuration): void {
    this.core.configurations = [{ index, configuration }];
    this.#comeIntoForce(configuration, index);
  }

  #comeIntoForce(configuration: Configuration, index: LogIndex): void {
    const { core } = this;
    core.configuration = configuration;
    core.voters = voterSetsOf(configuration);
    this.emit({ type: 'configuration-changed', placed: { index, configuration } });
    this.followConfiguration();
  }

  /** Whether this member stands for election is in the configurations; what follows from it is the role's. A leader leads on until it commits. */
  followConfiguration(): void {
    const { configuration, configurations, commitIndex, self } = this.core;
    if (everyoneIn(configuration).includes(self)) {
      // Its removal may have been committed in this very turn, and is no more what this member is to become.
      this.removed = false;
      if (this.role === 'removed') this.move({ type: 'READMITTED' });
    }
    if (mayStand(configurations, commitIndex, self)) this.move({ type: 'PROMOTED' });
    else this.move({ type: 'DEMOTED' });
  }

  /** Everything of this turn, in the order of the contract on `Effect`. */
  effects(): readonly Effect[] {
    const { core } = this;
    const effects: Effect[] = [];
    if (this.#messages.length > 0) effects.push({ type: 'send', messages: this.#messages });
    if (this.#hasWrites) {
      core.lastPersistId += 1;
      const persistId = core.lastPersistId;
      core.persists.push({ persistId, lastIndex: core.log.lastIndex, term: this.term, sinceMs: core.monotonicMs });
      effects.push({
        type: 'persist',
        persistId,
        entries: this.#entries,
        ...(this.#hardState === undefined ? {} : { hardState: this.#hardState }),
      });
    }
    const { role, term, leader } = this;
    if (role !== this.#before.role || term !== this.#before.term || leader !== this.#before.leader) {
      effects.push({ type: 'role-changed', role, term, leader });
    }
    effects.push(...this.#others);
    const applicable = Math.min(core.commitIndex, core.durableIndex);
    if (applicable > core.committedTold) {
      core.committedTold = applicable;
      effects.push({ type: 'committed', index: applicable });
    }
    return effects;
  }
}
