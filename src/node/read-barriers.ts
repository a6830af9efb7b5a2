import type { Incarnation, LogIndex } from '../raft/types.ts';

/** Linearizable reads on their way: asked, confirmed by the leader at an index, answered when that index is applied (thesis §6.4). */
type Settle = (ready: boolean) => void;

/** Together they are whole numbers that JSON carries exactly. */
const STARTS_TOLD_APART = 2 ** 13;
const READS_OF_A_START = 2 ** 40;

/**
 * The leader's answer to an earlier start may arrive at this one, and would confirm a read, or a lease, that was asked for later (I2): so
 * ids are those of no start before it.
 */
const firstIdOf = (incarnation: Incarnation): number => (incarnation % STARTS_TOLD_APART) * READS_OF_A_START + 1;

export class ReadBarriers {
  #asked: Settle[] = [];
  readonly #handed = new Map<number, Settle>();
  readonly #confirmed: { readonly index: LogIndex; readonly settle: Settle }[] = [];
  #nextId: number;

  constructor(incarnation: Incarnation) {
    this.#nextId = firstIdOf(incarnation);
  }

  get waiting(): number {
    return this.#asked.length;
  }

  ask(): Promise<boolean> {
    return new Promise((settle) => this.#asked.push(settle));
  }

  gather(): readonly number[] {
    return this.#asked.splice(0).map((settle) => {
      const id = this.#nextId++;
      this.#handed.set(id, settle);
      return id;
    });
  }

  confirmed(readIds: readonly number[], index: LogIndex): void {
    for (const readId of readIds) {
      const settle = this.#handed.get(readId);
      this.#handed.delete(readId);
      if (settle !== undefined) this.#confirmed.push({ index, settle });
    }
  }

  refused(readIds: readonly number[]): void {
    for (const readId of readIds) {
      this.#handed.get(readId)?.(false);
      this.#handed.delete(readId);
    }
  }

  applied(index: LogIndex): void {
    while (this.#confirmed[0] !== undefined && this.#confirmed[0].index <= index) this.#confirmed.shift()?.settle(true);
  }

  settleAll(ready: boolean): void {
    const all = [
      ...this.#asked.splice(0),
      ...this.#handed.values(),
      ...this.#confirmed.splice(0).map(({ settle }) => settle),
    ];
    this.#handed.clear();
    for (const settle of all) settle(ready);
  }
}
