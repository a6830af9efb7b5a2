import type { Clock, Timer } from '../clock.ts';
import { everyoneIn } from '../raft/membership.ts';
import { idOf } from '../raft/quorum.ts';
import type { Incarnation, LogIndex, Member, MemberId } from '../raft/types.ts';
import type { StateMeta } from '../tasks/entities.ts';
import { type MeasuredNote, measured } from './batches.ts';
import { HandingOver } from './handing-over.ts';
import { RETIRING_HEARD_MAX_MS, RETIRING_HEARD_MS, RETIRING_SAID_EVERY_MS } from './limits.ts';
import type { Replica } from './replica.ts';

/**
 * A node that is about to end, or that an operator drained, leads no more and is given nothing more. One that is about to end says so, again
 * and again, because nobody keeps it: it is over with the process. Who is drained stands in the state.
 */
export interface RetiringOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly incarnation: Incarnation;
  readonly meta: () => StateMeta;
  readonly send: (to: MemberId, note: MeasuredNote) => void;
}

export class Retiring {
  readonly #options: RetiringOptions;
  readonly #handingOver: HandingOver;
  /** Others that said so, under the incarnation that did: no other start of theirs is meant. */
  readonly #others = new Map<MemberId, number>();
  #isEnding = false;
  /** Of those who heard it: were they to lead, no claim for this one would stand later in the log. */
  readonly #claimsThrough = new Map<MemberId, LogIndex>();
  #timer: Timer | null = null;

  constructor(options: RetiringOptions) {
    this.#options = options;
    const { replica, clock } = options;
    const { self } = replica.core;
    this.#handingOver = new HandingOver({
      replica,
      clock,
      isWanted: () => this.#isEnding || this.#isDrained(self.split('/')[0] ?? ''),
      mayLead: (member) => !this.isRetired(member) && !this.#isDrained(member.nodeId),
    });
  }

  /** Whether this one is to be given nothing more. */
  isRetired(member: Member): boolean {
    const id = idOf(member);
    const { replica, meta } = this.#options;
    if (id === replica.core.self) return this.#isEnding;
    const said = this.#others.get(id);
    return said !== undefined && said === meta().nodes[member.nodeId]?.incarnation;
  }

  heard(from: MemberId, incarnation: number): void {
    const members = everyoneIn(this.#options.replica.core.configuration);
    for (const known of this.#others.keys()) if (!members.includes(known)) this.#others.delete(known);
    if (!members.includes(from)) return;
    this.#others.set(from, incarnation);
    const { replica, send } = this.#options;
    send(from, measured({ kind: 'retired', lastIndex: replica.core.log.lastIndex }));
  }

  /** Of another, who heard it. */
  answered(from: MemberId, lastIndex: LogIndex): void {
    if (!this.#claimsThrough.has(from)) this.#claimsThrough.set(from, lastIndex);
  }

  /** After each turn. */
  look(): void {
    this.#handingOver.look();
  }

  /** This process is to end. Resolves when it leads no more, or nobody is there who could. */
  async begin(): Promise<void> {
    const { replica, clock } = this.#options;
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve));
    this.#isEnding = true;
    replica.take({ type: 'retire' });
    this.#say();
    // Others may be ending with this one, and have said so by then: to hand over to them would take longer than to end.
    await wait(RETIRING_HEARD_MS);
    await this.#handingOver.now();
    // What was claimed for this one before its leader heard is to be sent yet, not withheld, which would make it late.
    const untilMs = clock.monotonicMs() + RETIRING_HEARD_MAX_MS;
    while (this.#isAwaitingClaims && clock.monotonicMs() < untilMs) await wait(RETIRING_HEARD_MS);
  }

  get #isAwaitingClaims(): boolean {
    const { core, appliedIndex } = this.#options.replica;
    const leader = core.role.context.leader as MemberId | null;
    if (leader === null || leader === core.self) return false;
    const throughIndex = this.#claimsThrough.get(leader);
    return throughIndex === undefined || appliedIndex < throughIndex;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #say(): void {
    const { replica, clock, incarnation, send } = this.#options;
    const { configuration, self } = replica.core;
    const note = measured({ kind: 'retiring', incarnation });
    for (const member of everyoneIn(configuration)) if (member !== self) send(member, note);
    this.#timer = clock.setTimer(RETIRING_SAID_EVERY_MS, () => this.#say());
  }

  #isDrained(nodeId: string): boolean {
    return this.#options.meta().drained?.includes(nodeId) === true;
  }
}
