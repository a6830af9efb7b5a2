import type { SnapshotHead } from '../raft/messages.ts';
import type { Effect, Input } from '../raft/ports.ts';
import { SnapshotDamaged, type SnapshotStore } from '../store/snapshot-store.ts';
import type { LogWriter } from './log-writer.ts';

/**
 * What the core wants written, in the order in which it wanted it. A snapshot takes the place of state and log when no write is
 * under way; until it has, later writes wait and nothing is applied.
 */
type Persist = Extract<Effect, { readonly type: 'persist' }>;

export interface DiskWorkOptions {
  readonly write: LogWriter;
  readonly snapshots: SnapshotStore;
  readonly monotonicMs: () => number;
  /** Whether the state is being loaded or flushed, so that it cannot be replaced now. */
  readonly isStateBusy: () => boolean;
  readonly completed: (input: Input) => void;
  readonly wrote: (tookMs: number) => void;
  readonly installed: (head: SnapshotHead) => void;
  readonly failed: (error: unknown) => void;
}

export class DiskWork {
  readonly #options: DiskWorkOptions;
  #outstanding = 0;
  #installing: SnapshotHead | null = null;
  #waiting: Persist[] = [];

  constructor(options: DiskWorkOptions) {
    this.#options = options;
  }

  get isWriting(): boolean {
    return this.#outstanding > 0;
  }
  get isInstalling(): boolean {
    return this.#installing !== null;
  }

  /** What is durable at once goes into `atOnce`, for the same turn. */
  persist(effect: Persist, atOnce: Input[]): void {
    if (this.#installing !== null) {
      this.#waiting.push(effect);
      return;
    }
    const { write, monotonicMs, completed, wrote, failed } = this.#options;
    const began = monotonicMs();
    const durable: Input = { type: 'persisted', persistId: effect.persistId };
    let calling = true;
    this.#outstanding += 1;
    write(
      effect,
      () => {
        this.#outstanding -= 1;
        wrote(monotonicMs() - began);
        if (calling) atOnce.push(durable);
        else completed(durable);
        this.goOn();
      },
      failed,
    );
    calling = false;
  }

  install(head: SnapshotHead): void {
    this.#installing = head;
    this.goOn();
  }

  /** Something that an installation may have waited for is over. */
  goOn(): void {
    const head = this.#installing;
    if (head === null || this.#outstanding > 0 || this.#options.isStateBusy()) return;
    this.#outstanding += 1;
    this.#options.snapshots
      .install(head)
      .then(
        () => {
          this.#options.installed(head);
          this.#over({ type: 'snapshot-installed', snapshotId: head.snapshotId });
        },
        (error: unknown) => {
          if (!(error instanceof SnapshotDamaged)) throw error;
          this.#over({ type: 'snapshot-refused', snapshotId: head.snapshotId });
        },
      )
      .catch(this.#options.failed);
  }

  #over(outcome: Input): void {
    const { completed } = this.#options;
    this.#outstanding -= 1;
    this.#installing = null;
    completed(outcome);
    const atOnce: Input[] = [];
    for (const effect of this.#waiting.splice(0)) this.persist(effect, atOnce);
    for (const input of atOnce) completed(input);
  }
}
