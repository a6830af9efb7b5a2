import type { InspectionEvent } from 'xstate';
import type { RaftRoleEvent } from '../../machines/raft-role.ts';
import type { Clock, Timer } from '../clock.ts';
import type { RaftCore } from '../raft/core.ts';
import type { Effect, Input } from '../raft/ports.ts';
import { step } from '../raft/step.ts';
import type { LogIndex } from '../raft/types.ts';
import type { PairResult } from '../tasks/entry.ts';
import type { MoveLine, PairRefused, StepLine } from '../trace/format.ts';
import { type StepSeen, saysNothing, stepLine, weightOf } from '../trace/step-line.ts';
import { told } from '../trace/telling.ts';
import { TRACE_BYTES_MAX, TRACE_CUT_LINES, TRACE_LINES_MAX, TRACE_PAGE_BYTES_MAX } from './limits.ts';

/**
 * What consensus was told and what it answered, a line a step, while somebody wants to see it. Off, it costs one comparison a step;
 * on, it keeps the newest lines, as many and as heavy as its bounds allow, and says how many it dropped (I10).
 */
export class Tracing {
  readonly node: string;
  readonly #clock: Clock;
  #lines: (StepLine | MoveLine)[] = [];
  #weights: number[] = [];
  /** Those before it are dropped, and cut off the arrays a half at once. */
  #first = 0;
  #bytes = 0;
  #next = 1;
  #refused: PairRefused[] = [];
  #life: string | null = null;
  #kept = false;
  #lease: Timer | null = null;
  /** For whoever writes lines down as they come; what is kept for readers is the same. */
  onLine: ((line: StepLine | MoveLine) => void) | null = null;
  #stood = false;
  isOn = false;

  constructor(node: string, clock: Clock) {
    this.node = node;
    this.#clock = clock;
  }

  /** An operator wants it kept, or no more. */
  keep(on: boolean): void {
    this.#kept = on;
    this.#look();
  }

  /** Somebody watches, and says so again before this is over: a watcher that went without a word costs nothing for long. */
  watch(forMs: number): void {
    this.#lease?.cancel();
    this.#lease = this.#clock.setTimer(forMs, () => {
      this.#lease = null;
      this.#look();
    });
    this.#look();
  }

  #look(): void {
    const wasOn = this.isOn;
    this.isOn = this.#kept || this.#lease !== null;
    if (!this.isOn) this.#forget();
    else if (!wasOn && this.#life !== null) this.moved('node', this.node, 'watched', this.#life, this.#life);
  }

  /** A step, with everything that its core says of it while somebody wants to see it. */
  step(core: RaftCore, applied: LogIndex, inputs: readonly Input[]): readonly Effect[] {
    if (!this.isOn) return step(core, inputs);
    const before = core.role;
    const moves: RaftRoleEvent[] = [];
    core.watched = moves;
    const effects = step(core, inputs);
    core.watched = null;
    const { node } = this;
    const atMs = this.#clock.nowMs();
    const refused = this.#refused;
    const seen: StepSeen = { line: this.#next, atMs, node, core, applied, before, moves, inputs, effects, refused };
    // The first line says how it stands, whatever happens.
    if (!this.#stood || !saysNothing(seen)) {
      this.#stood = true;
      this.#refused = [];
      const line = stepLine(seen);
      this.#add(line, weightOf(line));
    }
    return effects;
  }

  /** Pairs of an entry that did not hold (I5) stand in the line that says the entry is applied. */
  folded(index: LogIndex, results: readonly PairResult[]): void {
    for (const [pair, result] of results.entries()) {
      if (!result.applied) this.#refused.push({ index, pair, failed: result.failed });
    }
  }

  /** The machine of this node's life moved: where it stands is known from its start, whoever asks when. */
  lived(seen: InspectionEvent): void {
    if (seen.type !== '@xstate.snapshot') return;
    const to = String((seen.snapshot as { readonly value?: unknown }).value);
    const from = this.#life ?? to;
    this.#life = to;
    if (this.isOn) this.moved('node', this.node, seen.event.type, from, to);
  }

  moved(machine: MoveLine['machine'], of: string, event: string, from: string, to: string): void {
    const atMs = this.#clock.nowMs();
    this.#add({ what: 'move', line: this.#next, atMs, node: this.node, machine, of, event, from, to }, MOVE_BYTES);
  }

  #add(line: StepLine | MoveLine, bytes: number): void {
    this.#next += 1;
    this.#lines.push(line);
    this.#weights.push(bytes);
    this.#bytes += bytes;
    while (this.#lines.length - this.#first > TRACE_LINES_MAX || this.#bytes > TRACE_BYTES_MAX) {
      if (this.#first === this.#lines.length - 1) break;
      this.#bytes -= this.#weights[this.#first] ?? 0;
      // What is dropped is free at once: the arrays are cut later.
      this.#lines[this.#first] = line;
      this.#first += 1;
    }
    if (this.#first >= TRACE_CUT_LINES) this.#cut();
    this.onLine?.(line);
  }

  #cut(): void {
    this.#lines = this.#lines.slice(this.#first);
    this.#weights = this.#weights.slice(this.#first);
    this.#first = 0;
  }

  /** Those after `line`, oldest first, as much as a page holds, and how many were dropped in between. */
  after(
    line: number,
    limit: number,
  ): { readonly lines: readonly (StepLine | MoveLine)[]; readonly dropped: number; readonly newest: number } {
    const count = this.#lines.length - this.#first;
    const oldest = this.#next - count;
    // A process that was started again counts from 1: whoever asks on from its earlier life gets all.
    const from = line >= this.#next ? oldest : Math.max(oldest, line + 1);
    const at = this.#first + (from - oldest);
    let end = at;
    for (let room = TRACE_PAGE_BYTES_MAX; end < Math.min(this.#lines.length, at + limit); end += 1) {
      room -= this.#weights[end] ?? 0;
      if (room < 0 && end > at) break;
    }
    return {
      lines: this.#lines.slice(at, end).map(told),
      dropped: line >= this.#next ? 0 : Math.max(0, oldest - line - 1),
      newest: this.#next - 1,
    };
  }

  /** The newest of those after `line`: where there are more than fit, the older ones are passed over. */
  newest(
    line: number,
    limit: number,
    bytesMax: number,
  ): { readonly lines: readonly (StepLine | MoveLine)[]; readonly skipped: number } {
    const oldest = Math.max(this.#first, this.#lines.length - (this.#next - 1 - line));
    let from = this.#lines.length;
    for (let room = bytesMax; from > oldest && this.#lines.length - from < limit; from -= 1) {
      room -= this.#weights[from - 1] ?? 0;
      if (room < 0 && from < this.#lines.length) break;
    }
    const lines = this.#lines.slice(from).map(told);
    return { lines, skipped: Math.max(0, this.#next - 1 - line - lines.length) };
  }

  #forget(): void {
    this.#stood = false;
    this.#lines = [];
    this.#weights = [];
    this.#refused = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}

const MOVE_BYTES = 240;
