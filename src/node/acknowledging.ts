import type { RaftCore } from '../raft/core.ts';
import { idOf } from '../raft/quorum.ts';
import type { LogIndex } from '../raft/types.ts';
import { SEND_LEASE_OVER_MS } from './limits.ts';

/**
 * A pause, update or cancel is acknowledged when every other node that holds a claim of the task has applied it, or can send no more
 * because its lease must have run out (I6). Leader only.
 */
interface Wait {
  readonly index: LogIndex;
  readonly holders: readonly string[];
  readonly acknowledge: () => void;
}

export class Acknowledging {
  readonly #core: RaftCore;
  /** Leases of an earlier leader's time may run from then on. */
  #leadingSinceMs = 0;
  #waits: Wait[] = [];

  constructor(core: RaftCore) {
    this.#core = core;
  }

  termBegun(): void {
    this.#leadingSinceMs = this.#core.monotonicMs;
  }

  /** Resolves at once where nobody else holds anything. When this node stops leading too: what was committed stays committed. */
  untilSilent(index: LogIndex, holders: readonly string[]): Promise<void> {
    if (holders.every((nodeId) => this.#isSilent(nodeId, index))) return Promise.resolve();
    return new Promise((acknowledge) => this.#waits.push({ index, holders, acknowledge }));
  }

  /** Called after each turn. */
  look(): void {
    if (this.#waits.length === 0) return;
    const leads = this.#core.leading !== null;
    this.#waits = this.#waits.filter(({ index, holders, acknowledge }) => {
      if (leads && !holders.every((nodeId) => this.#isSilent(nodeId, index))) return true;
      acknowledge();
      return false;
    });
  }

  #isSilent(nodeId: string, index: LogIndex): boolean {
    const core = this.#core;
    const member = core.configuration.members.find((one) => one.nodeId === nodeId);
    const progress = member === undefined ? undefined : core.leading?.peers.get(idOf(member));
    if (progress !== undefined && progress.appliedIndex >= index) return true;
    const leaseFromMs = Math.max(this.#leadingSinceMs, progress?.readConfirmedAtMs ?? 0);
    return core.monotonicMs - leaseFromMs > SEND_LEASE_OVER_MS;
  }
}
