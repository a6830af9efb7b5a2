import type { Clock } from '../clock.ts';
import { isThere } from '../raft/progress.ts';
import { idOf } from '../raft/quorum.ts';
import type { Member, NodeId } from '../raft/types.ts';
import { ELECTION_TIMEOUT_MIN_MS, HANDOVER_AGAIN_MS, HANDOVER_MAX_MS } from './limits.ts';
import type { Replica } from './replica.ts';

/** A leader that is to lead no more hands over to the voter that is closest to the end of its log (thesis §3.10), until one leads. */
export interface HandingOverOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  /** This node is to lead no more. */
  readonly isWanted: () => boolean;
  /** Whether that one would not hand leadership on at once. */
  readonly mayLead: (member: Member) => boolean;
}

export class HandingOver {
  readonly #options: HandingOverOptions;
  #running = false;

  constructor(options: HandingOverOptions) {
    this.#options = options;
  }

  /** Called as often as one likes: tries in the background for as long as it is wanted. */
  look(): void {
    if (this.#running || !this.#leadsUnwanted) return;
    this.#running = true;
    void this.#try(() => this.#leadsUnwanted).then(() => {
      this.#running = false;
    });
  }

  /** Resolves when another leads, when there is nobody to hand over to, or after HANDOVER_MAX_MS. */
  async now(): Promise<void> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + HANDOVER_MAX_MS;
    await this.#try(() => this.#leadsUnwanted && this.#candidates().length > 0 && clock.monotonicMs() < untilMs);
  }

  get #leadsUnwanted(): boolean {
    return this.#options.replica.isLeading && this.#options.isWanted();
  }

  async #try(goesOn: () => boolean): Promise<void> {
    const { replica, clock } = this.#options;
    for (let tries = 0; goesOn(); tries += 1) {
      const candidates = this.#candidates();
      // One that did not take over makes way for the next.
      const nodeId = candidates[tries % candidates.length];
      if (nodeId !== undefined && (await replica.transferTo(nodeId)).kind === 'done') return;
      await new Promise<void>((resolve) => clock.setTimer(HANDOVER_AGAIN_MS, resolve));
    }
  }

  #candidates(): readonly NodeId[] {
    const { replica, mayLead } = this.#options;
    const { configuration, leading, self, monotonicMs } = replica.core;
    const there = configuration.members.flatMap((member) => {
      const progress = leading?.peers.get(idOf(member));
      if (member.kind !== 'voter' || idOf(member) === self || progress === undefined || !mayLead(member)) return [];
      return isThere(progress, monotonicMs, ELECTION_TIMEOUT_MIN_MS) ? [{ nodeId: member.nodeId, progress }] : [];
    });
    return there.sort((a, b) => b.progress.matchIndex - a.progress.matchIndex).map(({ nodeId }) => nodeId);
  }
}
