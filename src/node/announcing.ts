import type { CommandId } from '../tasks/command-id.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { AskingLeader } from './asking-leader.ts';
import { ASK_AGAIN_MS } from './limits.ts';
import type { NodeParts } from './node-parts.ts';

/** A node that follows has its incarnation made known by the leader, before it can be given claims (I6). */
export interface AnnouncingOptions {
  readonly identity: NodeParts['identity'];
  readonly meta: () => StateMeta;
  readonly asking: AskingLeader;
  readonly nextAskId: () => CommandId;
}

export class Announcing {
  readonly #options: AnnouncingOptions;
  #asking = false;

  constructor(options: AnnouncingOptions) {
    this.#options = options;
  }

  /** Until the state says so; called as often as one likes. */
  look(): void {
    const { identity, meta, asking, nextAskId } = this.#options;
    const { nodeId, instance, incarnation } = identity;
    const known = meta().nodes[nodeId];
    if (this.#asking || (known?.instance === instance && known.incarnation === incarnation)) return;
    this.#asking = true;
    const over = (): void => {
      this.#asking = false;
    };
    asking.ask(nextAskId(), { type: 'start', nodeId, instance, incarnation }, ASK_AGAIN_MS).then(over, over);
  }
}
