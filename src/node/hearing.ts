import type { RaftCore } from '../raft/core.ts';
import { allVoters } from '../raft/quorum.ts';
import type { MemberId } from '../raft/types.ts';
import type { Transport } from '../transport/transport.ts';
import { SIGHTING_KNOWN_MS } from './limits.ts';

/** Whom this node hears, so that one without a leader can say what it lacks: each lack has another remedy. */
export interface HearingOptions {
  readonly transport: Transport;
  readonly clock: { monotonicMs(): number };
}

export class Hearing {
  readonly #options: HearingOptions;
  readonly #heardAtMs = new Map<MemberId, number>();
  /** Dropped when something was last taken: what is dropped from then on tells why nothing is. */
  #forged = 0;
  #foreign = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
  }

  heard(from: MemberId): void {
    const { clock, transport } = this.#options;
    const nowMs = clock.monotonicMs();
    // The longest unheard first: those of before are not remembered for ever (I10).
    this.#heardAtMs.delete(from);
    this.#heardAtMs.set(from, nowMs);
    const [first] = this.#heardAtMs;
    if (first !== undefined && nowMs - first[1] >= SIGHTING_KNOWN_MS) this.#heardAtMs.delete(first[0]);
    ({ forged: this.#forged, foreign: this.#foreign } = transport.counts().dropped);
  }

  /** How many are remembered, heard lately or not. */
  get remembered(): number {
    return this.#heardAtMs.size;
  }

  /** What may keep this node from hearing of a leader, in words for a person; null where nothing is known. */
  whyNoLeader({ self, voters }: Pick<RaftCore, 'self' | 'voters'>): string | null {
    const { transport } = this.#options;
    const trouble = transport.trouble();
    if (trouble !== null) return trouble;
    const { forged, foreign } = transport.counts().dropped;
    if (forged > this.#forged) return WRONG_SECRET;
    if (foreign > this.#foreign) return OTHER_CLUSTER;
    const all = allVoters(voters);
    if (all.length === 0) return null;
    const heard = all.filter((voter) => voter !== self && this.#isHeard(voter));
    const needed = `${Math.floor(all.length / 2) + 1} of the voters ${all.map(nodeIdOf).join(', ')} are needed`;
    return heard.length === 0 ? `${needed}, and ${NOBODY}` : `${needed}; heard: ${heard.map(nodeIdOf).join(', ')}`;
  }

  #isHeard(member: MemberId): boolean {
    const atMs = this.#heardAtMs.get(member);
    return atMs !== undefined && this.#options.clock.monotonicMs() - atMs < SIGHTING_KNOWN_MS;
  }
}

const WRONG_SECRET =
  'messages of other nodes are refused, because they are not signed with the secret of this node: XCRON_CLUSTER_SECRET has to be the same on all';
const OTHER_CLUSTER =
  'nodes under the name of its cluster are heard that belong to another one: if the others went on without this node (force-new-cluster), it joins them with an empty data directory and --join';
const NOBODY =
  'none of the others is heard: they may be down, or cut off, or they went on without this node (force-new-cluster), and it joins them with an empty data directory and --join';

const nodeIdOf = (member: MemberId): string => member.split('/')[0] ?? '';
