import { invariant } from '../invariant.ts';
import type { Proposal } from '../raft/ports.ts';
import type { RaftRole } from '../raft/role.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import type { EntryContent, Pair, PairResult } from '../tasks/entry.ts';
import type { Precondition } from '../tasks/precondition.ts';
import { LeftInLog } from './left-in-log.ts';
import {
  ENTRY_BYTES_MAX,
  ENTRY_PAIRS_MAX,
  PAIR_CHARS_MAX,
  PROPOSALS_WAITING_CHARS_MAX,
  PROPOSALS_WAITING_MAX,
  TURN_BYTES_MAX,
  TURN_PAIRS_MAX,
} from './limits.ts';

/**
 * Decisions on their way into the log and back: waiting for a turn, handed to the core as entries, in the log, applied. Each is
 * settled exactly once.
 */
export type ProposeOutcome =
  | { readonly kind: 'applied'; readonly index: LogIndex }
  /** Committed, and a no-op: the state had moved on. Decide again. */
  | { readonly kind: 'not-applied'; readonly failed: Precondition }
  | { readonly kind: 'refused'; readonly why: 'no_leader' | 'storage_failed' | 'overloaded' | 'stopping' | 'too_large' }
  /** In the log, perhaps; its fate is not known here. */
  | { readonly kind: 'unknown' };

export type Settle = (outcome: ProposeOutcome) => void;
/** Whose decision it is. */
export type Proposer = 'node' | 'client';
/** What the end of this node's leadership means for a decision in its log: unknown at once, or known when the log tells. */
export type OnceDeposed = 'doubt' | 'follow';

interface Waiting {
  readonly pair: Pair;
  readonly encoded: string;
  readonly settle: Settle;
  readonly onceDeposed: OnceDeposed;
}

export interface OwnEntry {
  readonly data: string;
  readonly content: EntryContent;
  readonly waiters: readonly Waiting[];
}

export class ProposalQueue {
  #waiting: Waiting[] = [];
  #waitingChars = 0;
  /** Handed to the core in this turn, by proposal id. */
  readonly #handed = new Map<number, OwnEntry>();
  /** In the log since this node leads, and not applied yet. */
  readonly #inLog = new Map<LogIndex, OwnEntry & { readonly term: Term }>();
  readonly #left = new LeftInLog();
  #nextProposalId = 1;

  get waiting(): number {
    return this.#waiting.length;
  }
  /** No more requests of clients are to be taken. */
  get isFull(): boolean {
    return this.#waiting.length >= PROPOSALS_WAITING_MAX || this.#waitingChars >= PROPOSALS_WAITING_CHARS_MAX;
  }

  add(pair: Pair, settle: Settle, from: Proposer, onceDeposed: OnceDeposed = 'doubt'): void {
    const encoded = JSON.stringify(pair);
    if (encoded.length > PAIR_CHARS_MAX) {
      invariant(from === 'client', 'I10', `a decision of ${encoded.length} characters fits no message between nodes`);
      settle({ kind: 'refused', why: 'too_large' });
      return;
    }
    this.#waitingChars += encoded.length;
    this.#waiting.push({ pair, encoded, settle, onceDeposed });
  }

  /** As many entries as one turn takes. Work is done per entry, not per pair: each pair was encoded when it came. */
  gather(atMs: number, version: number): { readonly proposals: readonly Proposal[]; readonly pairs: number } {
    const proposals: Proposal[] = [];
    let taken = 0;
    let bytes = 0;
    while (taken < this.#waiting.length && taken < TURN_PAIRS_MAX && bytes < TURN_BYTES_MAX) {
      const from = taken;
      let entryBytes = 0;
      while (taken < this.#waiting.length && taken - from < ENTRY_PAIRS_MAX) {
        const size = this.#waiting[taken]?.encoded.length ?? 0;
        if (taken > from && entryBytes + size > ENTRY_BYTES_MAX) break;
        entryBytes += size;
        taken += 1;
      }
      bytes += entryBytes;
      this.#waitingChars -= entryBytes;
      proposals.push(this.#entryOf(this.#waiting.slice(from, taken), atMs, version));
    }
    this.#waiting = taken === this.#waiting.length ? [] : this.#waiting.slice(taken);
    return { proposals, pairs: taken };
  }

  #entryOf(waiters: readonly Waiting[], atMs: number, v: number): Proposal {
    const proposalId = this.#nextProposalId++;
    const data = `{"v":${v},"atMs":${atMs},"pairs":[${waiters.map(({ encoded }) => encoded).join(',')}]}`;
    this.#handed.set(proposalId, {
      data,
      content: { v, atMs, pairs: waiters.map(({ pair }) => pair) },
      waiters,
    });
    return { proposalId, kind: 'events', data };
  }

  accepted(proposalId: number, index: LogIndex, term: Term): void {
    const own = this.#handed.get(proposalId);
    this.#handed.delete(proposalId);
    if (own !== undefined) this.#inLog.set(index, { ...own, term });
  }

  refused(proposalId: number): void {
    const own = this.#handed.get(proposalId);
    this.#handed.delete(proposalId);
    for (const { settle } of own?.waiters ?? []) settle({ kind: 'refused', why: 'no_leader' });
  }

  /** The entry at this index, if it was proposed here: it need not be read back. */
  at(index: LogIndex): OwnEntry | undefined {
    return this.#inLog.get(index);
  }

  forget(index: LogIndex): void {
    this.#inLog.delete(index);
  }

  refuseWaiting(why: 'storage_failed' | 'stopping'): void {
    this.#waitingChars = 0;
    for (const { settle } of this.#waiting.splice(0)) settle({ kind: 'refused', why });
  }

  /** What an ex-leader had in its log may commit or not: nobody is left to hang (raft.md, case 22). */
  roleIs(role: RaftRole): void {
    // Who is no member does not hear what commits.
    if (role === 'removed') this.doubtAll();
    else if (role !== 'leader') this.#deposed();
  }

  #deposed(): void {
    const left = [...this.#inLog];
    this.#inLog.clear();
    for (const [index, { term, waiters }] of left)
      for (const [at, waiter] of waiters.entries()) this.#leave(waiter, at, index, term);
  }

  #leave({ settle, onceDeposed }: Waiting, at: number, index: LogIndex, term: Term): void {
    if (onceDeposed === 'doubt') settle({ kind: 'unknown' });
    else
      this.#left.add({
        index,
        term,
        at,
        done: (result) => settle(outcomeOf(result, index)),
        neverDone: () => settle({ kind: 'refused', why: 'no_leader' }),
        doubt: () => settle({ kind: 'unknown' }),
      });
  }

  /** Something is in the log that an earlier leadership of this node left there. */
  get hasLeft(): boolean {
    return !this.#left.isEmpty;
  }
  committed(index: LogIndex, term: Term, results: readonly PairResult[]): void {
    this.#left.committed(index, term, results);
  }

  /** Called again and again. */
  look(isLed: boolean, nowMs: number): void {
    this.#left.look(isLed, nowMs);
  }

  /** A snapshot took the place of the log, and does not tell what was in it. */
  replaced(): void {
    this.#left.doubtAll();
  }

  /** What was handed out may be in the log or not: nobody knows before the next start. */
  doubtAll(): void {
    const doubted = [...this.#handed.values(), ...this.#inLog.values()];
    this.#handed.clear();
    this.#inLog.clear();
    for (const own of doubted) for (const { settle } of own.waiters) settle({ kind: 'unknown' });
    this.#left.doubtAll();
  }
}

export const outcomeOf = (result: PairResult, index: LogIndex): ProposeOutcome =>
  result.applied ? { kind: 'applied', index } : { kind: 'not-applied', failed: result.failed };
