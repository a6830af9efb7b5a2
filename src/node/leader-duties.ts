import type { Clock, Timer } from '../clock.ts';
import type { Projection, RunRef } from '../store/projection.ts';
import type { ClaimHolder } from '../tasks/event.ts';
import { refsOfRun } from '../tasks/needs.ts';
import type { Firing } from './firing.ts';
import type { Leadership } from './leadership.ts';
import { PLAN_B_LOOK_MS, SETTLE_BATCH } from './limits.ts';
import type { NodeParts } from './node-parts.ts';
import type { Replica } from './replica.ts';
import { proposed, settleLostClaims } from './settling.ts';

/**
 * What a leader does before and beside firing: its incarnation is made known, what lost nodes left open is settled, what living ones
 * hold is counted, and only then is anything claimed.
 */
export interface LeaderDutiesOptions {
  readonly identity: NodeParts['identity'];
  readonly projection: Projection;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly firing: Firing;
  readonly clock: Clock;
  readonly random: () => number;
  readonly settled: (count: number) => void;
  /** One attempt was settled as lost. */
  readonly lost: () => void;
  /** Claims may be made. */
  readonly begun: () => void;
  readonly failed: (error: Error) => void;
}

export class LeaderDuties {
  readonly #options: LeaderDutiesOptions;
  /** Raised when leading ends: what an earlier term began goes no further. */
  #round = 0;
  #planB: Timer | null = null;

  constructor(options: LeaderDutiesOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#round += 1;
    this.#lead(this.#round).catch(this.#options.failed);
  }

  end(): void {
    this.#round += 1;
    this.#planB?.cancel();
    this.#options.firing.end();
  }

  async #lead(round: number): Promise<void> {
    const { identity, firing, settled, begun } = this.#options;
    const { nodeId, instance, incarnation } = identity;
    while (!(await this.makeKnown(nodeId, instance, incarnation))) {
      if (this.#round !== round) return;
      // A transfer was under way. When nothing comes of it, this node leads on, with all that is asked of a leader.
      await new Promise<void>((resolve) => this.#options.clock.setTimer(PLAN_B_LOOK_MS, resolve));
    }
    // Who was silent up to now is asked first: it may be there again, and lost is only who does not answer this leader.
    const count = await this.#settleLost(round, (holder) => firing.senders.isOver(holder));
    if (count > 0) settled(count);
    if (this.#round !== round) return;
    // Before the first is read: others report what becomes of theirs in the meantime, and who was counted in has to be counted out.
    firing.count();
    await this.#adoptClaims(round);
    if (this.#round !== round) return;
    firing.begin();
    this.#lookForLost(round);
    begun();
  }

  /** A node that has begun may be given claims. False when it could not be committed here. */
  async makeKnown(nodeId: string, instance: string, incarnation: number): Promise<boolean> {
    const outcome = await proposed(this.#options.replica, {
      requires: [{ type: 'incarnation-is-new', nodeId, instance, incarnation }],
      events: [{ type: 'NodeStarted', nodeId, instance, incarnation }],
      by: `node:${nodeId}`,
    });
    return outcome.kind === 'applied' || outcome.kind === 'not-applied';
  }

  #settleLost(round: number, isLost: (holder: ClaimHolder) => boolean): Promise<number> {
    return settleLostClaims({
      ...this.#options,
      // Who leads no more hears nobody, and knows of no one that is lost.
      isLost: (holder) => this.#round === round && isLost(holder),
    });
  }

  /** Claims that living nodes hold, for counting what is open per target. */
  async #adoptClaims(round: number): Promise<void> {
    const { projection, firing } = this.#options;
    let after: RunRef | null = null;
    for (;;) {
      const claims: readonly RunRef[] = await projection.openClaims(after, SETTLE_BATCH);
      const last = claims.at(-1);
      if (last === undefined) return;
      // A page at once: a round trip for each would hold up the first fires of a new leader.
      await projection.load(
        claims.flatMap(({ taskId, run }) => refsOfRun(taskId, run)),
        false,
      );
      for (const { taskId, run } of claims) {
        const task = await projection.readTask(taskId);
        const execution = await projection.readExecution(taskId, run);
        if (this.#round !== round) return;
        if (task !== undefined && execution?.state === 'attempting') firing.adopt(task, execution);
      }
      after = last;
    }
  }

  /** Plan B: what a lost node holds goes to another. */
  #lookForLost(round: number): void {
    const { clock, firing, settled, failed } = this.#options;
    this.#planB = clock.setTimer(PLAN_B_LOOK_MS, () => {
      // Each by its own incarnation: a node that is back at once was never silent, and sends nothing of its old ones (raft.md, case 33).
      const isLost = (holder: ClaimHolder): boolean => firing.senders.isLost(holder);
      const anyLost = firing.holders.some(isLost);
      const looked = anyLost ? this.#settleLost(round, isLost) : Promise.resolve(0);
      looked.then((count) => {
        if (count > 0) settled(count);
        if (this.#round === round) this.#lookForLost(round);
      }, failed);
    });
  }
}
