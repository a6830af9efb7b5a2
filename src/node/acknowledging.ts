import type { RaftCore } from '../raft/core.ts';
import { idOf } from '../raft/quorum.ts';
import type { Configuration, LogIndex, MemberId } from '../raft/types.ts';
import { SEND_LEASE_OVER_MS } from './limits.ts';

/**
 * A pause, update or cancel is acknowledged when every other node that holds a claim of the task has applied it, or can send no more
 * because its lease must have run out (I6). Leader only.
 */
interface Wait {
  readonly index: LogIndex;
  readonly holders: Holders;
  readonly settle: (silent: boolean) => void;
}

/** Null: whoever is a member may hold something. A leader that has just begun has not counted it yet. */
type Holders = readonly string[] | null;

export class Acknowledging {
  readonly #core: RaftCore;
  /** Leases of an earlier leader's time may run from then on. */
  #leadingSinceMs = 0;
  /** Who left the members may hold a lease from before. */
  #configuration: Configuration;
  #membersSinceMs = 0;
  /** Who left within one lease, and when: it hears of no cancel. A node that has started since knows of nobody who left before. */
  readonly #left = new Map<MemberId, number>();
  #waits: Wait[] = [];
  #stopped = false;

  constructor(core: RaftCore) {
    this.#core = core;
    this.#configuration = core.configuration;
  }

  termBegun(): void {
    this.#leadingSinceMs = this.#core.monotonicMs;
  }

  /** Resolves to true at once where nobody else holds anything; to false when this node cannot tell any more, as it leads no more. */
  untilSilent(index: LogIndex, holders: Holders): Promise<boolean> {
    if (this.#areSilent(holders, index)) return Promise.resolve(true);
    if (this.#stopped) return Promise.resolve(false);
    return new Promise((settle) => this.#waits.push({ index, holders, settle }));
  }

  /** Nothing is heard any more, and nobody looks. */
  stop(): void {
    this.#stopped = true;
    this.#giveUp();
  }

  #giveUp(): void {
    for (const { settle } of this.#waits.splice(0)) settle(false);
  }

  /** Called after each turn. */
  look(): void {
    const { configuration, monotonicMs } = this.#core;
    if (configuration !== this.#configuration) {
      const stays = new Set(configuration.members.map(idOf));
      for (const member of this.#configuration.members.map(idOf)) this.#left.set(member, monotonicMs);
      for (const member of stays) this.#left.delete(member);
      this.#forgetWhoLeft();
      this.#configuration = configuration;
      this.#membersSinceMs = monotonicMs;
    }
    if (this.#waits.length === 0) return;
    if (this.#core.leading === null) {
      this.#giveUp();
      return;
    }
    this.#waits = this.#waits.filter(({ index, holders, settle }) => {
      if (!this.#areSilent(holders, index)) return true;
      settle(true);
      return false;
    });
  }

  #areSilent(holders: Holders, index: LogIndex): boolean {
    const { configuration, self } = this.#core;
    this.#forgetWhoLeft();
    // Among those that nobody knows of is who left lately: its lease may run on.
    if (holders === null && this.#left.size > 0) return false;
    const all = holders ?? configuration.members.filter((one) => idOf(one) !== self).map(({ nodeId }) => nodeId);
    return all.every((nodeId) => this.#isSilent(nodeId, index));
  }

  #forgetWhoLeft(): void {
    for (const [member, atMs] of this.#left)
      if (this.#core.monotonicMs - atMs > SEND_LEASE_OVER_MS) this.#left.delete(member);
  }

  /** Each instance by itself: what one has applied that took the place of another, which may live on, says nothing of that one. */
  #isSilent(nodeId: string, index: LogIndex): boolean {
    const members = this.#core.configuration.members.filter((one) => one.nodeId === nodeId).map(idOf);
    if ([...this.#left.keys()].some((member) => member.startsWith(`${nodeId}/`))) return false;
    if (members.length === 0) return this.#isLeaseOver(this.#membersSinceMs);
    return members.every((member) => this.#isMemberSilent(member, index));
  }

  #isMemberSilent(member: MemberId, index: LogIndex): boolean {
    const progress = this.#core.leading?.peers.get(member);
    if (progress !== undefined && progress.appliedIndex >= index) return true;
    return this.#isLeaseOver(progress === undefined ? this.#membersSinceMs : (progress.readConfirmedAtMs ?? 0));
  }

  /** One that was confirmed no later than that. */
  #isLeaseOver(saidMs: number): boolean {
    return this.#core.monotonicMs - Math.max(this.#leadingSinceMs, saidMs) > SEND_LEASE_OVER_MS;
  }
}
