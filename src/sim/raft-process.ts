import type { Tracing } from '../node/tracing.ts';
import { createRaftCore, type RaftCore } from '../raft/core.ts';
import type { Message } from '../raft/messages.ts';
import type { ChangeOutcome, Effect, Input, MembershipChange, RaftTimings, TransferOutcome } from '../raft/ports.ts';
import { type RaftRole, roleOf } from '../raft/role.ts';
import { step } from '../raft/step.ts';
import type { Entry, LogIndex, MemberId, NodeId, PlacedConfiguration, Term } from '../raft/types.ts';
import { RowDamaged, type StoredState } from './disk.ts';
import { hashEntryText, mix } from './hash.ts';
import type { Host } from './host.ts';
import type { ProposeOutcome, ReadOutcome, SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import { pieceOf, type Receiving, receivePiece, snapshotBytes } from './snapshot-pieces.ts';

/** What a process needs of the world around it. */
export interface Surroundings {
  readonly timings: RaftTimings;
  readonly tickMs: number;
  readonly compactAfterEntries: number;
  readonly random: Random;
  /** Null where nobody reads along. */
  tracing(host: Host): Tracing | null;
  send(host: Host, message: Message): void;
  /** Its disk failed it: fail-stop. */
  failed(host: Host): void;
  snapshot(snapshotId: string): StoredState | undefined;
  keepSnapshot(snapshotId: string, state: StoredState): void;
  readonly watch: Watch;
}

/** What the checkers hear, in the order in which it happens. */
export interface Watch {
  stepped(host: Host, core: RaftCore): void;
  turned(host: Host, core: RaftCore): void;
  writes(host: Host, write: Parameters<Host['disk']['write']>[0]): void;
  applied(host: Host, index: LogIndex, hash: number, data: string): void;
  installs(host: Host, state: StoredState): void;
  effect(host: Host, effect: Effect): void;
}

const TURN_MS_MAX = 0.2;
const APPLY_MS_MAX = 2;
const FLUSH_MS_MIN = 20;
const FLUSH_MS_MAX = 400;
const SNAPSHOT_MS_MAX = 20;
const SNAPSHOTS_KEPT = 2;

/** The thinnest shell around the core: it carries effects out on the simulated disk and network, and reports completions as inputs. */
export class RaftProcess implements SimulatedProcess {
  readonly core: RaftCore;
  readonly #host: Host;
  readonly #world: Surroundings;
  readonly #tracing: Tracing | null;
  #inputs: Input[] = [];
  #turnPlanned = false;
  #applied: StoredState;
  #applyThrough: LogIndex;
  #applyPlanned = false;
  #placed: PlacedConfiguration[];
  #nextId = 0;
  /** No two are called the same. */
  #copies = 0;
  readonly #proposals = new Map<number, (outcome: ProposeOutcome) => void>();
  readonly #inLog = new Map<LogIndex, { readonly term: Term; readonly settle: (outcome: ProposeOutcome) => void }[]>();
  readonly #reads = new Map<number, (outcome: ReadOutcome) => void>();
  #readsReady: { readonly index: LogIndex; readonly settle: (outcome: ReadOutcome) => void }[] = [];
  readonly #changes = new Map<number, (outcome: ChangeOutcome) => void>();
  readonly #transfers = new Map<number, (outcome: TransferOutcome) => void>();
  #receiving: Receiving | null = null;
  /** Nothing else touches state or log meanwhile. */
  #installing = false;

  constructor(host: Host, world: Surroundings) {
    this.#host = host;
    this.#world = world;
    this.#tracing = world.tracing(host);
    const found = host.disk.read();
    this.core = createRaftCore({ self: host.member, featureLevel: 1, ...found }, world.timings);
    this.#applied = host.disk.state;
    this.#applyThrough = this.#applied.index;
    this.#placed = this.#applied.configuration === null ? [] : [this.#applied.configuration];
  }

  /** Separate from the constructor: the host holds the process by then. */
  start(): void {
    this.#tick();
    this.#flushLater();
  }

  get role(): RaftRole {
    return roleOf(this.core.role);
  }

  get state(): { readonly index: LogIndex; readonly hash: number } {
    return this.#applied;
  }

  receive(message: Message): void {
    this.#take({ type: 'receive', messages: [message] });
  }
  unreachable(peer: MemberId): void {
    this.#take({ type: 'unreachable', peer });
  }
  propose(data: string, settle: (outcome: ProposeOutcome) => void): void {
    const proposalId = this.#newId(this.#proposals, settle);
    this.#take({ type: 'propose', proposals: [{ proposalId, kind: 'events', data }] });
  }
  read(settle: (outcome: ReadOutcome) => void): void {
    this.#take({ type: 'read', readIds: [this.#newId(this.#reads, settle)] });
  }
  changeMembers(change: MembershipChange, settle: (outcome: ChangeOutcome) => void): void {
    this.#take({ type: 'change-members', changeId: this.#newId(this.#changes, settle), change });
  }
  transfer(to: NodeId, settle: (outcome: TransferOutcome) => void): void {
    this.#take({ type: 'transfer', transferId: this.#newId(this.#transfers, settle), to });
  }

  get isToTransfer(): boolean {
    return this.#inputs.some(({ type }) => type === 'transfer');
  }

  #newId<T>(pending: Map<number, T>, settle: T): number {
    this.#nextId += 1;
    pending.set(this.#nextId, settle);
    return this.#nextId;
  }

  #tick(): void {
    const { clock } = this.#host;
    this.#host.later(clock.worldMs(this.#world.tickMs), () => this.#tick());
    this.#take({ type: 'tick', monotonicMs: clock.monotonicMs(), random: this.#world.random.next() });
  }

  /** Joins the turn that is planned, or plans one: what comes within it shares one step. */
  #take(input: Input): void {
    this.#inputs.push(input);
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#host.later(this.#world.random.next() * TURN_MS_MAX, () => {
      this.#turnPlanned = false;
      const inputs = this.#inputs;
      this.#inputs = [];
      this.#turn(inputs);
    });
  }

  #turn(inputs: readonly Input[]): void {
    const { watch } = this.#world;
    const incarnation = this.#host.incarnation;
    const effects = this.#reading(
      () => this.#tracing?.step(this.core, this.#applied.index, inputs) ?? step(this.core, inputs),
    );
    if (effects === null) return;
    watch.stepped(this.#host, this.core);
    for (const effect of effects) {
      watch.effect(this.#host, effect);
      this.#carryOut(effect);
      if (incarnation !== this.#host.incarnation) return;
    }
    watch.turned(this.#host, this.core);
    this.#compact();
  }

  /** Null: a row is not what was written, and the process ended. */
  #reading<T>(read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RowDamaged)) throw error;
      this.#world.failed(this.#host);
      return null;
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        for (const message of effect.messages) this.#world.send(this.#host, message);
        return;
      case 'persist': {
        const { persistId, hardState, entries } = effect;
        const write = { kind: 'log', entries, ...(hardState === undefined ? {} : { hardState }) } as const;
        this.#world.watch.writes(this.#host, write);
        const done = (): void => this.#host.now(() => this.#take({ type: 'persisted', persistId }));
        if (!this.#host.disk.write(write, done)) this.#world.failed(this.#host);
        return;
      }
      case 'accepted':
        for (const { proposalId, index } of effect.at) this.#accepted(proposalId, index, effect.term);
        return;
      case 'refused':
        for (const id of effect.proposalIds) settled(this.#proposals, id, { kind: 'refused' });
        return;
      case 'committed':
        this.#applyThrough = effect.index;
        this.#applyLater();
        return;
      case 'read-ready':
        for (const id of effect.readIds) {
          const settle = this.#reads.get(id);
          this.#reads.delete(id);
          if (settle !== undefined) this.#readsReady.push({ index: effect.index, settle });
        }
        this.#answerReads();
        return;
      case 'read-refused':
        for (const id of effect.readIds) settled(this.#reads, id, { kind: 'refused' });
        return;
      case 'change-settled':
        settled(this.#changes, effect.changeId, effect.outcome);
        return;
      case 'transfer-settled':
        settled(this.#transfers, effect.transferId, effect.outcome);
        return;
      case 'make-snapshot':
        this.#host.later(this.#world.random.next() * SNAPSHOT_MS_MAX, () => this.#makeSnapshot());
        return;
      case 'read-snapshot': {
        const { type: _, maxBytes, ...asked } = effect;
        const held = this.#host.disk.snapshots.some(({ snapshotId }) => snapshotId === effect.snapshotId);
        const piece = held ? pieceOf(effect.snapshotId, effect.offset, maxBytes) : null;
        this.#host.later(this.#world.random.next(), () => this.#take({ type: 'snapshot-read', ...asked, piece }));
        return;
      }
      case 'write-snapshot': {
        this.#receiving = receivePiece(this.#receiving, effect);
        const { snapshotId, offset } = this.#receiving;
        this.#host.later(this.#world.random.next(), () => this.#take({ type: 'snapshot-written', snapshotId, offset }));
        return;
      }
      case 'install-snapshot':
        this.#install(effect);
        return;
      case 'role-changed':
        this.#host.disk.recovering(effect.role === 'recovering');
        return;
      case 'configuration-changed':
      case 'dropped':
        return;
    }
  }

  #accepted(proposalId: number, index: LogIndex, term: Term): void {
    const settle = this.#proposals.get(proposalId);
    this.#proposals.delete(proposalId);
    if (settle === undefined) return;
    const at = this.#inLog.get(index) ?? [];
    at.push({ term, settle });
    this.#inLog.set(index, at);
  }

  #applyLater(): void {
    if (this.#applyPlanned) return;
    this.#applyPlanned = true;
    this.#host.later(this.#world.random.next() * APPLY_MS_MAX, () => {
      this.#applyPlanned = false;
      this.#apply();
    });
  }

  #apply(): void {
    if (this.#installing) return;
    const before = this.#applied.index;
    while (this.#applied.index < this.#applyThrough) {
      const index = this.#applied.index + 1;
      const entry = this.#reading(() => this.#host.disk.entryAt(index));
      if (entry === null) return;
      this.#applyNext(index, entry);
    }
    if (this.#applied.index === before) return;
    this.#take({ type: 'applied', index: this.#applied.index });
    this.#answerReads();
  }

  #applyNext(index: LogIndex, entry: Entry | undefined): void {
    if (entry === undefined) throw new Error(`entry ${index} is committed and not on this disk`);
    if (entry.kind === 'configuration') this.#placed.push({ index, configuration: JSON.parse(entry.data) });
    const hash = mix(mix(this.#applied.hash, index), hashEntryText(entry.data));
    this.#applied = { index, term: entry.term, hash, configuration: this.#placed.at(-1) ?? null };
    this.#world.watch.applied(this.#host, index, hash, entry.data);
    const waiting = this.#inLog.get(index);
    if (waiting === undefined) return;
    this.#inLog.delete(index);
    for (const { term, settle } of waiting) {
      settle(term === entry.term ? { kind: 'committed', index, data: entry.data } : { kind: 'refused' });
    }
  }

  #answerReads(): void {
    if (this.#readsReady.length === 0) return;
    const { index, hash } = this.#applied;
    const waiting = this.#readsReady;
    this.#readsReady = waiting.filter((read) => read.index > index);
    for (const read of waiting) if (read.index <= index) read.settle({ kind: 'read', index, hash });
  }

  #flushLater(): void {
    this.#host.later(this.#world.random.between(FLUSH_MS_MIN, FLUSH_MS_MAX), () => {
      if (!this.#installing) this.#host.disk.flush(this.#applied);
      this.#flushLater();
    });
  }

  /** Never past what is durable in the state, nor past what the core was told is applied. */
  #compact(): void {
    const { disk } = this.#host;
    if (disk.entries.length < this.#world.compactAfterEntries) return;
    const index = Math.min(disk.state.index, this.core.appliedIndex) - this.#world.random.below(4);
    if (index <= disk.base.index || disk.waitingWrites > 0 || this.#installing) return;
    const term = disk.termAt(index);
    if (term === undefined) return;
    const configuration = this.#placed.findLast((placed) => placed.index <= index) ?? null;
    disk.compact({ index, term, hash: 0, configuration });
    this.#take({ type: 'compacted', index, term });
  }

  #makeSnapshot(): void {
    const { disk } = this.#host;
    const { index, term } = disk.state;
    if (index < disk.base.index || index === 0) {
      this.#take({ type: 'snapshot-made', head: null });
      return;
    }
    this.#copies += 1;
    const snapshotId = `${this.#host.member}-${this.#host.incarnation}-${index}-${this.#copies}`;
    this.#world.keepSnapshot(snapshotId, disk.state);
    disk.snapshots = [...disk.snapshots.slice(1 - SNAPSHOTS_KEPT), { snapshotId, state: disk.state }];
    this.#take({ type: 'snapshot-made', head: { snapshotId, index, term, bytes: snapshotBytes(snapshotId) } });
  }

  #install({ head }: Extract<Effect, { type: 'install-snapshot' }>): void {
    const { snapshotId } = head;
    const made = this.#world.snapshot(snapshotId);
    if (made === undefined) throw new Error(`nobody made snapshot ${snapshotId}`);
    const state = { ...made, hash: made.hash + (this.#receiving?.spoiled ?? 0) };
    this.#receiving = null;
    // The whole carries the hash of the state: it is computed again before anything is replaced.
    if (state.hash !== made.hash) {
      this.#host.later(this.#world.random.next(), () => this.#take({ type: 'snapshot-refused', snapshotId }));
      return;
    }
    this.#world.watch.installs(this.#host, state);
    this.#installing = true;
    const done = (): void => this.#host.now(() => this.#installed(snapshotId, state));
    if (!this.#host.disk.write({ kind: 'install', head, state }, done)) this.#world.failed(this.#host);
  }

  #installed(snapshotId: string, state: StoredState): void {
    this.#installing = false;
    this.#applied = state;
    this.#applyThrough = state.index;
    this.#placed = state.configuration === null ? [] : [state.configuration];
    // What stood there may be among what the snapshot holds, or not: nobody knows.
    for (const index of this.#inLog.keys()) if (index <= state.index) this.#inLog.delete(index);
    this.#take({ type: 'snapshot-installed', snapshotId });
    this.#answerReads();
  }
}

function settled<T>(pending: Map<number, (outcome: T) => void>, id: number, outcome: T): void {
  const settle = pending.get(id);
  pending.delete(id);
  settle?.(outcome);
}
