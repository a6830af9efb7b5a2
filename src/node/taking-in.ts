import type { Clock, Timer } from '../clock.ts';
import { greetingOf, readHail, takenIn, type Wanted } from '../raft/forming.ts';
import { everyoneIn } from '../raft/membership.ts';
import { isThere } from '../raft/progress.ts';
import { idOf } from '../raft/quorum.ts';
import type { NodeId } from '../raft/types.ts';
import type { Transport } from '../transport/transport.ts';
import type { Leadership } from './leadership.ts';
import { GREETINGS_KEPT, HAIL_EVERY_MS, NODE_LOST_MS } from './limits.ts';
import type { NodeEvents, NodeParts } from './node-parts.ts';
import type { Replica } from './replica.ts';

/**
 * A member answers who calls out with nothing; a leader takes it in, as a learner or a worker. A node that has found its cluster and is
 * named by no configuration that it knows goes on calling.
 */
export interface TakingInOptions {
  readonly identity: NodeParts['identity'];
  readonly transport: Transport;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly wants: Wanted;
  readonly events: Pick<NodeEvents, 'takenIn' | 'notTakenIn'>;
}

export class TakingIn {
  readonly #options: TakingInOptions;
  /** What this node says to who calls, and what members said when it called itself. */
  readonly #greeting: string;
  readonly #heard = new Map<NodeId, string>();
  #changing = false;
  #timer: Timer | null = null;

  constructor(options: TakingInOptions) {
    this.#options = options;
    this.#greeting = greetingOf(options.identity.instance, options.identity.incarnation);
  }

  begin(): void {
    if (this.#belongs()) return;
    this.#call();
    this.#timer = this.#options.clock.setTimer(HAIL_EVERY_MS, () => this.begin());
  }

  #belongs(): boolean {
    const { core } = this.#options.replica;
    return everyoneIn(core.configuration).includes(core.self);
  }

  #call(): void {
    const { identity, transport, wants } = this.#options;
    const { nodeId, instance } = identity;
    transport.hail({ state: 'empty', nodeId, instance, sees: {}, wants, answers: Object.fromEntries(this.#heard) });
  }

  /** A member answered: it is called again at once, in the words that it knows. */
  #greeted(nodeId: NodeId, greeting: string | undefined): void {
    if (greeting === undefined || this.#heard.get(nodeId) === greeting || this.#belongs()) return;
    this.#heard.delete(nodeId);
    for (const oldest of this.#heard.keys()) if (this.#heard.size >= GREETINGS_KEPT) this.#heard.delete(oldest);
    this.#heard.set(nodeId, greeting);
    this.#call();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #isHeard(nodeId: NodeId): boolean {
    const { core } = this.#options.replica;
    return core.configuration.members.some((member) => {
      const progress = member.nodeId === nodeId ? core.leading?.peers.get(idOf(member)) : undefined;
      return progress !== undefined && isThere(progress, core.monotonicMs, NODE_LOST_MS);
    });
  }

  hailed(said: unknown): void {
    const { identity, transport, replica, leadership, events } = this.#options;
    const hail = readHail(said);
    if (hail === null || hail.nodeId === identity.nodeId) return;
    const { nodeId, instance, clusterId } = identity;
    if (hail.state === 'member') {
      if (hail.clusterId === clusterId) this.#greeted(hail.nodeId, hail.greeting);
      return;
    }
    // Who belongs to no cluster yet can vouch for none.
    if (!this.#belongs()) return;
    transport.hail({ state: 'member', nodeId, instance, clusterId, greeting: this.#greeting });
    const member = takenIn(replica.core.configuration, hail);
    // One at a time; whoever is not taken in now calls again.
    if (member === null || !leadership.mayDecide || this.#changing) return;
    if (hail.answers === undefined) {
      events.notTakenIn(
        hail.nodeId,
        'its call answers nobody: it runs an older version, or somebody says again what it once said',
      );
      return;
    }
    // Its next call will, when it has heard this answer.
    if (hail.answers[nodeId] !== this.#greeting) return;
    // A call may come late out of a broker that hung (I2), and another directory may have taken the name: who lives is not led out for that.
    if (this.#isHeard(hail.nodeId)) {
      events.notTakenIn(hail.nodeId, 'a member of that name was heard a moment ago');
      return;
    }
    this.#changing = true;
    void replica.changeMembers({ type: 'add', member }).then((outcome) => {
      this.#changing = false;
      if (outcome.kind === 'done') events.takenIn(member);
      else if (outcome.kind === 'refused') events.notTakenIn(hail.nodeId, outcome.reason);
    });
  }
}
