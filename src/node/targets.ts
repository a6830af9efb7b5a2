import type { DuePosition } from '../store/projection.ts';
import type { ClaimHolder } from '../tasks/event.ts';
import type { TaskDefinition, TaskId } from '../tasks/task.ts';
import { comparePositions, keyOfPosition } from './due-index.ts';
import { Heap } from './heap.ts';
import { TARGET_CLAIMS_MAX, TARGET_PARKED_MAX } from './limits.ts';

/**
 * How many attempts are open per target, and what waits for room. Blocked work parks under its target and is not looked at again
 * before one of that target's attempts ends, so that a slow target costs nothing to the others.
 */
interface Target {
  open: number;
  /** What had its turn, and came to no request: before the others. */
  first: DuePosition[];
  parked: DuePosition[];
  /** Of both: a task whose executions end one after the other is found due again with each, and waits once all the same. */
  readonly waiting: Set<string>;
  /** First position that found the parking full; it and what follows are read from disk again when there is room. */
  left: DuePosition | null;
}

interface Claim {
  readonly target: string;
  readonly holder: Holder;
  /** Made ahead of its time, and not counted against its target before. */
  isAhead: boolean;
}

/** Claims that one start of a node is to send. */
interface Holder extends ClaimHolder {
  open: number;
}

const keyOf = ({ nodeId, instance, incarnation }: ClaimHolder): string => `${nodeId}/${instance ?? ''}/${incarnation}`;

const origins = new WeakMap<TaskDefinition, string>();

/** Scheme, host and port. */
export function targetOf(definition: TaskDefinition): string {
  let origin = origins.get(definition);
  if (origin === undefined) {
    origin = new URL(definition.callback.url).origin;
    origins.set(definition, origin);
  }
  return origin;
}

export class Targets {
  readonly #targets = new Map<string, Target>();
  /** Targets with both room and something parked. */
  readonly #ready = new Set<string>();
  readonly #claims = new Map<TaskId, Map<number, Claim>>();
  readonly #holders = new Map<string, Holder>();
  readonly #ahead = new Heap<{ readonly dueAtMs: number; readonly claim: Claim }>((a, b) => a.dueAtMs - b.dueAtMs);
  #open = 0;
  #parked = 0;

  get open(): number {
    return this.#open;
  }
  get parked(): number {
    return this.#parked;
  }

  /** How many more attempts may be open. */
  roomOf(target: string): number {
    return TARGET_CLAIMS_MAX - (this.#targets.get(target)?.open ?? 0);
  }

  /**
   * For a run whose number is not certain yet: another one, asked for at the same time, may take it. Returns what to release when this
   * one does not get it; once it has, its number does.
   */
  claimNext(
    target: string,
    sender: ClaimHolder,
    taskId: TaskId,
    run: number,
    waitsUntilMs: number | null = null,
  ): number {
    this.claim(target, sender, taskId, -run, waitsUntilMs);
    return -run;
  }

  /** `waitsUntilMs`: its holder sends it no sooner. */
  claim(target: string, sender: ClaimHolder, taskId: TaskId, run: number, waitsUntilMs: number | null = null): void {
    let runs = this.#claims.get(taskId);
    if (runs === undefined) {
      runs = new Map();
      this.#claims.set(taskId, runs);
    }
    if (runs.has(run)) return;
    const holder = this.#holderOf(sender);
    holder.open += 1;
    this.#open += 1;
    const claim: Claim = { target, holder, isAhead: waitsUntilMs !== null };
    runs.set(run, claim);
    if (waitsUntilMs === null) this.#count(target, 1);
    else this.#ahead.push({ dueAtMs: waitsUntilMs, claim });
  }

  /** What was claimed ahead and is due by now counts against its target, which may be more than full by that. */
  fallDue(nowMs: number): void {
    for (let first = this.#ahead.first; first !== undefined && first.dueAtMs <= nowMs; first = this.#ahead.first) {
      this.#ahead.pop();
      const { claim } = first;
      if (!claim.isAhead) continue;
      claim.isAhead = false;
      this.#count(claim.target, 1);
    }
  }

  /**
   * The attempt ended, or was never made: its place is free. Takes what `claim` or `claimNext` were given; where the node is named, only what
   * it holds: once it was taken for lost with its request on the wire, the place is that of the next attempt, which another may have.
   */
  release(taskId: TaskId, run: number, nodeId: string | null = null): void {
    const runs = this.#claims.get(taskId);
    const place = run > 0 && runs?.has(run) === false ? -run : run;
    const claim = runs?.get(place);
    if (runs === undefined || claim === undefined) return;
    const { target, holder } = claim;
    if (nodeId !== null && holder.nodeId !== nodeId) return;
    runs.delete(place);
    holder.open -= 1;
    if (holder.open === 0) this.#holders.delete(keyOf(holder));
    if (runs.size === 0) this.#claims.delete(taskId);
    this.#open -= 1;
    if (!claim.isAhead) this.#count(target, -1);
    claim.isAhead = false;
  }

  /** Claims that a node holds. */
  openOf(nodeId: string): number {
    let open = 0;
    for (const holder of this.#holders.values()) if (holder.nodeId === nodeId) open += holder.open;
    return open;
  }

  /** Incarnations that hold claims; and the nodes that hold claims of one task. */
  get holders(): readonly ClaimHolder[] {
    return [...this.#holders.values()];
  }
  holdersOf(taskId: TaskId): readonly string[] {
    return [...new Set([...(this.#claims.get(taskId)?.values() ?? [])].map(({ holder }) => holder.nodeId))];
  }

  /** The task's executions ended with it: nobody else will say when its requests are over, and no earlier start of this node either. */
  releaseOthers(taskId: TaskId, self: ClaimHolder): void {
    for (const [run, { holder }] of [...(this.#claims.get(taskId) ?? [])]) {
      const { nodeId, incarnation, instance = self.instance } = holder;
      const isOwn = nodeId === self.nodeId && incarnation === self.incarnation && instance === self.instance;
      if (!isOwn) this.release(taskId, run);
    }
  }

  /** Whether anything parked could go on now. */
  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /**
   * The longest parked of a target that has room, `first` before all others. Whoever takes it may use the place or not: what else is parked there stays ready as
   * long as there is room, so that nothing is left behind by one that came to nothing.
   */
  takeReady(): { readonly position: DuePosition; readonly rewind: DuePosition | null } | null {
    const [name] = this.#ready;
    if (name === undefined) return null;
    const target = this.#at(name);
    const position = target.first.shift() ?? target.parked.shift();
    if (position === undefined) throw new Error(`${name} is ready with nothing parked`);
    this.#parked -= 1;
    target.waiting.delete(keyOfPosition(position));
    const rewind = target.waiting.size === 0 ? target.left : null;
    if (rewind !== null) target.left = null;
    this.#settle(name, target);
    // The next one to be asked is another target.
    if (this.#ready.delete(name) && target.waiting.size > 0) this.#ready.add(name);
    return { position, rewind };
  }

  park(name: string, position: DuePosition, isFirst = false): void {
    const target = this.#at(name);
    // It keeps its place: what is due by then is decided when it is taken.
    if (target.waiting.has(keyOfPosition(position))) return;
    if (target.waiting.size >= TARGET_PARKED_MAX) {
      if (target.left === null || comparePositions(position, target.left) < 0) target.left = position;
      return;
    }
    (isFirst ? target.first : target.parked).push(position);
    target.waiting.add(keyOfPosition(position));
    this.#parked += 1;
    this.#settle(name, target);
  }

  clear(): void {
    this.#targets.clear();
    this.#ready.clear();
    this.#claims.clear();
    this.#holders.clear();
    this.#ahead.clear();
    this.#open = 0;
    this.#parked = 0;
  }

  #count(name: string, claims: number): void {
    const target = this.#at(name);
    target.open += claims;
    this.#settle(name, target);
  }

  #settle(name: string, target: Target): void {
    if (target.waiting.size > 0 && target.open < TARGET_CLAIMS_MAX) this.#ready.add(name);
    else this.#ready.delete(name);
    if (target.open === 0 && target.waiting.size === 0 && target.left === null) this.#targets.delete(name);
  }

  #holderOf(sender: ClaimHolder): Holder {
    const known = this.#holders.get(keyOf(sender));
    if (known !== undefined) return known;
    // Of an attempt, when it is adopted, only who it is.
    const { nodeId, instance, incarnation } = sender;
    const holder: Holder = { nodeId, incarnation, ...(instance === undefined ? {} : { instance }), open: 0 };
    this.#holders.set(keyOf(holder), holder);
    return holder;
  }

  #at(name: string): Target {
    let target = this.#targets.get(name);
    if (target === undefined) {
      target = { open: 0, first: [], parked: [], waiting: new Set(), left: null };
      this.#targets.set(name, target);
    }
    return target;
  }
}
