import type { RaftCore } from '../raft/core.ts';
import { featureLevelOf } from '../raft/membership.ts';
import { isThere } from '../raft/progress.ts';
import { idOf } from '../raft/quorum.ts';
import type { Member } from '../raft/types.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { ClaimHolder } from '../tasks/event.ts';
import { AppliedLag } from './applied-lag.ts';
import { CLAIM_LAG_MS_MAX, CLAIMS_AHEAD_MAX, CLAIMS_IN_HAND_MAX, NODE_LOST_MS, PLAN_B_LOOK_MS } from './limits.ts';

/** Claims name the instance: since entry version 3. */
const INSTANCE_LEVEL = 3;

export interface SendersOptions {
  readonly core: RaftCore;
  readonly meta: () => StateMeta;
  /** Claims that a node holds. */
  readonly openOf: (nodeId: string) => number;
  /** About to end: it would withhold what it is given. */
  readonly isRetired: (member: Member) => boolean;
}

/**
 * Who may be given a claim: a voter or worker that was heard from lately, under the incarnation that it made known (I6). The
 * leader's own knowledge; no other node asks.
 */
export class Senders {
  readonly #options: SendersOptions;
  readonly #lag: AppliedLag;
  #turn = 0;

  constructor(options: SendersOptions) {
    this.#options = options;
    this.#lag = new AppliedLag(options.core);
  }

  /** Called with each turn of a leader, whether or not anything is due: how far behind others are shows only over time. */
  look(): void {
    this.#lag.look();
  }

  /** Nodes take turns; null when all hands are full, or nobody is to send. */
  next(): ClaimHolder | null {
    return this.#next(CLAIMS_IN_HAND_MAX, () => true);
  }

  /** For a claim ahead of its time: rather another node than this one, because what a leader holds dies with it. */
  nextAhead(): ClaimHolder | null {
    const { self } = this.#options.core;
    return this.#next(CLAIMS_AHEAD_MAX, (member) => idOf(member) !== self) ?? this.#next(CLAIMS_AHEAD_MAX, () => true);
  }

  #next(inHandMax: number, isAsked: (member: Member) => boolean): ClaimHolder | null {
    const { core, openOf, meta, isRetired } = this.#options;
    const { schedulingPaused, drained = [] } = meta();
    // An operator holds all scheduling: what is due waits, and its misfire policy decides once this is over.
    if (schedulingPaused === true) return null;
    const { members } = core.configuration;
    for (let looked = 0; looked < members.length; looked += 1) {
      this.#turn = (this.#turn + 1) % members.length;
      const member = members[this.#turn];
      if (member === undefined || member.kind === 'learner' || openOf(member.nodeId) >= inHandMax) continue;
      if (drained.includes(member.nodeId) || isRetired(member) || !isAsked(member)) continue;
      const incarnation = this.#incarnationOf(member);
      if (incarnation !== null && this.#isThere(member) && this.#isCurrent(member)) {
        const { nodeId, instance } = member;
        const isNamed = featureLevelOf(core.configuration) >= INSTANCE_LEVEL;
        return { nodeId, incarnation, ...(isNamed ? { instance } : {}) };
      }
    }
    return null;
  }

  /**
   * Whether what this start of this node holds will not come to an end there. Time moves before what waited is read: after a stall of this
   * node's own, the silence of others is judged once it has listened for a while.
   */
  isLost(holder: ClaimHolder): boolean {
    const { monotonicMs, listensSinceMs } = this.#options.core;
    const member = this.#memberOf(holder);
    return member === null || (this.#isSilent(member) && monotonicMs - listensSinceMs >= PLAN_B_LOOK_MS);
  }

  /** The same, whoever was heard: it is no member's present start. */
  isOver(holder: ClaimHolder): boolean {
    return this.#memberOf(holder) === null;
  }

  #memberOf({ nodeId, incarnation, instance }: ClaimHolder): Member | null {
    const known = this.#options.meta().nodes[nodeId];
    if (known?.incarnation !== incarnation || (instance ?? known.instance) !== known.instance) return null;
    const member = this.#options.core.configuration.members.find((one) => one.nodeId === nodeId);
    return member !== undefined && this.#incarnationOf(member) === incarnation ? member : null;
  }

  #incarnationOf(member: Member): number | null {
    const known = this.#options.meta().nodes[member.nodeId];
    return known?.instance === member.instance ? known.incarnation : null;
  }

  /** What is given to a node that is not there stays with it until it is lost: before it has answered this leader, it is given nothing. */
  #isThere(member: Member): boolean {
    const { core } = this.#options;
    if (idOf(member) === core.self) return true;
    return core.leading?.peers.get(idOf(member))?.hasAnswered === true && !this.#isSilent(member);
  }

  #isSilent(member: Member): boolean {
    const { core } = this.#options;
    if (idOf(member) === core.self) return false;
    const progress = core.leading?.peers.get(idOf(member));
    return progress === undefined || !isThere(progress, core.monotonicMs, NODE_LOST_MS);
  }

  /** It learns of a claim when it applies it. */
  #isCurrent(member: Member): boolean {
    const { core } = this.#options;
    const id = idOf(member);
    if (id === core.self) return true;
    const progress = core.leading?.peers.get(id);
    return (
      progress !== undefined &&
      progress.state !== 'snapshot' &&
      this.#lag.ofMs(progress.appliedIndex) <= CLAIM_LAG_MS_MAX
    );
  }
}
