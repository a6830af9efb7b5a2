import type { RaftCore } from '../raft/core.ts';
import { isJoint } from '../raft/membership.ts';
import type { Configuration } from '../raft/types.ts';

/**
 * The leader says who the members are whenever that has changed for good: asked for, taken in, or promoted by itself once a learner has
 * caught up. Followers keep count in silence, so that whoever leads next says only what is new.
 */
export interface MembersToldOptions {
  readonly core: Pick<RaftCore, 'configuration' | 'configurations' | 'commitIndex' | 'leading'>;
  readonly events: { membersChanged(configuration: Configuration): void };
}

export class MembersTold {
  readonly #options: MembersToldOptions;
  #known: Configuration;

  constructor(options: MembersToldOptions) {
    this.#options = options;
    this.#known = options.core.configuration;
  }

  /** Called after each turn. */
  look(): void {
    const { core, events } = this.#options;
    const { configuration } = core;
    if (configuration === this.#known) return;
    if (isJoint(configuration) || (core.configurations.at(-1)?.index ?? 0) > core.commitIndex) return;
    this.#known = configuration;
    if (core.leading !== null) events.membersChanged(configuration);
  }
}
