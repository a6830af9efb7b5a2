import type { RaftCore } from '../raft/core.ts';
import type { Effect, Input } from '../raft/ports.ts';
import { roleOf } from '../raft/role.ts';
import { TRACE_DATA_CHARS_MAX, TRACE_LINES_MAX } from './limits.ts';

/**
 * What consensus was told and what it answered, a line a step, while an operator wants to see it. Off, it costs one comparison a
 * step; on, it keeps the newest TRACE_LINES_MAX lines in memory and says how many it dropped (I10).
 */
export interface TraceLine {
  /** Counts up from 1 for as long as the process lives. */
  readonly line: number;
  readonly atMs: number;
  readonly node: string;
  readonly role: string;
  readonly term: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly inputs: readonly object[];
  readonly effects: readonly object[];
}

export class Tracing {
  readonly #node: string;
  readonly #nowMs: () => number;
  #lines: TraceLine[] = [];
  #next = 1;
  isOn = false;

  constructor(node: string, nowMs: () => number) {
    this.#node = node;
    this.#nowMs = nowMs;
  }

  stepped(core: RaftCore, appliedIndex: number, inputs: readonly Input[], effects: readonly Effect[]): void {
    // Time that passes and changes nothing would push out what does.
    if (effects.length === 0 && inputs.every(({ type }) => type === 'tick' || type === 'now')) return;
    this.#lines.push({
      line: this.#next++,
      atMs: this.#nowMs(),
      node: this.#node,
      role: roleOf(core.role),
      term: core.role.context.term,
      lastIndex: core.log.lastIndex,
      commitIndex: core.commitIndex,
      appliedIndex,
      inputs: inputs.map(seen),
      effects: effects.map(seen),
    });
    // A half at once: taking one from the front for each that is added would move them all.
    if (this.#lines.length >= 2 * TRACE_LINES_MAX) this.#lines = this.#lines.slice(-TRACE_LINES_MAX);
  }

  /** Those after `line`, oldest first, and how many were dropped in between. */
  after(line: number, limit: number): { readonly lines: readonly TraceLine[]; readonly dropped: number } {
    const kept = this.#lines.slice(-TRACE_LINES_MAX);
    const first = kept[0]?.line ?? this.#next;
    const wanted = kept.filter((one) => one.line > line).slice(0, limit);
    return { lines: wanted, dropped: Math.max(0, first - line - 1) };
  }

  forget(): void {
    this.#lines = [];
  }
}

/** What entries say is shown from its beginning, bytes of snapshots by their number. */
function seen(value: Input | Effect): object {
  return JSON.parse(JSON.stringify(value, shortened)) as object;
}

function shortened(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (typeof value === 'string' && value.length > TRACE_DATA_CHARS_MAX)
    return `${value.slice(0, TRACE_DATA_CHARS_MAX)}… (${value.length} characters)`;
  return value;
}
