import type { DuePosition } from '../store/projection.ts';
import type { TaskDefinition, TaskId } from '../tasks/task.ts';
import { comparePositions } from './due-index.ts';
import { TARGET_CLAIMS_MAX, TARGET_PARKED_MAX } from './limits.ts';

/**
 * How many attempts are open per target, and what waits for room. Blocked work parks under its target and is not looked at again
 * before one of that target's attempts ends, so that a slow target costs nothing to the others.
 */
interface Target {
  open: number;
  parked: DuePosition[];
  /** First position that found the parking full; it and what follows are read from disk again when there is room. */
  left: DuePosition | null;
}

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
  readonly #claims = new Map<TaskId, Map<number, string>>();
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

  claim(target: string, taskId: TaskId, run: number): void {
    let runs = this.#claims.get(taskId);
    if (runs === undefined) {
      runs = new Map();
      this.#claims.set(taskId, runs);
    }
    if (runs.has(run)) return;
    runs.set(run, target);
    this.#at(target).open += 1;
    this.#open += 1;
  }

  isClaimed(taskId: TaskId, run: number): boolean {
    return this.#claims.get(taskId)?.has(run) ?? false;
  }

  claimedRuns(taskId: TaskId): readonly number[] {
    return [...(this.#claims.get(taskId)?.keys() ?? [])];
  }

  /** The attempt ended: its target, and from where the disk must be read again. */
  release(taskId: TaskId, run: number): { readonly target: string; readonly rewind: DuePosition | null } | null {
    const runs = this.#claims.get(taskId);
    const name = runs?.get(run);
    if (runs === undefined || name === undefined) return null;
    runs.delete(run);
    if (runs.size === 0) this.#claims.delete(taskId);
    const target = this.#at(name);
    target.open -= 1;
    this.#open -= 1;
    const rewind = target.parked.length === 0 ? target.left : null;
    if (rewind !== null) target.left = null;
    if (target.open === 0 && target.parked.length === 0) this.#targets.delete(name);
    return { target: name, rewind };
  }

  /** The longest parked one, if there is room for it now. */
  unpark(name: string): DuePosition | null {
    const target = this.#targets.get(name);
    if (target === undefined || target.open >= TARGET_CLAIMS_MAX) return null;
    const position = target.parked.shift() ?? null;
    if (position !== null) this.#parked -= 1;
    return position;
  }

  park(name: string, position: DuePosition): void {
    const target = this.#at(name);
    if (target.parked.length >= TARGET_PARKED_MAX) {
      if (target.left === null || comparePositions(position, target.left) < 0) target.left = position;
      return;
    }
    target.parked.push(position);
    this.#parked += 1;
  }

  clear(): void {
    this.#targets.clear();
    this.#claims.clear();
    this.#open = 0;
    this.#parked = 0;
  }

  #at(name: string): Target {
    let target = this.#targets.get(name);
    if (target === undefined) {
      target = { open: 0, parked: [], left: null };
      this.#targets.set(name, target);
    }
    return target;
  }
}
