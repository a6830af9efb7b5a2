import type { OperationOutcome } from '../../node/api.ts';
import type { CommandId } from '../../tasks/command-id.ts';
import type { ClusterOperation } from '../../tasks/operation.ts';
import { createRandom, type Random } from '../random.ts';
import type { NodeHost } from './node-process.ts';
import type { NodeWorld } from './node-world.ts';
import type { Operation, OperationKind } from './operations.ts';

/** Who runs the cluster: restarts its nodes, moves its leader, takes members out and in, and stops it from firing for a while. */

const ASK_AGAIN_MS = 1_000;
/** A question that was asked so long ago is decided, or never will be: longer than whoever asks waits. */
const DECIDED_MS = 15_000;

export class Operator {
  readonly begun: number[] = [];
  readonly operated = new Map<OperationKind, number>();
  readonly #world: NodeWorld;
  /** Of nothing that is planned: at whom a question is asked. */
  readonly #random: Random;
  readonly #drained = new Set<number>();
  #hasPaused = false;
  #isPaused = false;
  /** Raised when one is to end: what is said of it later means nothing. */
  #pauses = 0;
  #undoing = 0;
  /** What it was told, by the id that it asked under. */
  readonly told = new Map<CommandId, OperationOutcome>();
  #asked = 0;
  #unanswered = 0;
  #isOver = false;

  /** `kept`: numbers among the planned, counted on from `from`. */
  constructor(
    world: NodeWorld,
    seed: number,
    planned: readonly Operation[],
    from: number,
    kept: readonly number[] | null,
  ) {
    this.#world = world;
    this.#random = createRandom(seed, 'operator');
    for (const [at, operation] of planned.entries()) {
      const number = from + at;
      if (kept === null || kept.includes(number))
        world.queue.after(operation.atMs, () => this.#begin(number, operation));
    }
  }

  #begin(number: number, operation: Operation): void {
    if (this.#isOver || !this.#carryOut(operation)) return;
    this.begun.push(number);
    this.operated.set(operation.kind, (this.operated.get(operation.kind) ?? 0) + 1);
    this.#world.note(null, `operation ${operation.kind}`, 0, 0, () => operation);
  }

  end(): void {
    this.#isOver = true;
  }

  /** Once everyone serves and nothing is unanswered: whatever was asked for before is taken back, until nothing is left of it. */
  restore(): void {
    for (const number of this.#drained) this.#undrain(number);
    if (this.#hasPaused) this.#resumeScheduling();
  }

  /** What is asked may still be done, after what was asked later. */
  get waitsForAnswers(): boolean {
    return this.#unanswered > 0;
  }

  get isBusy(): boolean {
    return this.#undoing > 0;
  }

  #later(delayMs: number, run: () => void): void {
    this.#world.queue.after(delayMs, () => {
      if (!this.#isOver) run();
    });
  }

  #carryOut(operation: Operation): boolean {
    const world = this.#world;
    if (operation.kind === 'pause-scheduling') return this.#pauseScheduling(operation.forMs);
    const host = world.hosts[operation.target];
    if (host === undefined) return false;
    switch (operation.kind) {
      case 'restart':
        return world.stopInOrder(host, operation.forMs);
      case 'transfer':
        return this.#ask({ type: 'transfer-leadership', to: host.nodeId }, () => {});
      case 'remove':
        return this.#remove(host, operation.forMs, operation.emptied);
      case 'drain': {
        const { nodeId } = host;
        this.#drained.add(host.number);
        this.#later(operation.forMs, () => this.#undrain(host.number));
        return this.#ask({ type: 'drain-node', nodeId, acceptNoSender: false }, () => {});
      }
      case 'state-disk-full': {
        const { state } = host.disk;
        state.failure = new Error('ENOSPC: no space left on the simulated device');
        this.#later(operation.forMs, () => {
          state.failure = null;
        });
        return true;
      }
    }
  }

  #pauseScheduling(forMs: number): boolean {
    if (this.#isPaused) return false;
    this.#isPaused = true;
    this.#hasPaused = true;
    const { sendings } = this.#world;
    this.#later(forMs, () => this.#resumeScheduling());
    const pause = this.#pauses;
    return this.#ask({ type: 'pause-scheduling' }, ({ outcome }) => {
      // Whoever asked for it to go on before this was answered has to expect that it does.
      if (outcome === 'done' && pause === this.#pauses) sendings.silenceAll('paused for all');
    });
  }

  #resumeScheduling(): void {
    this.#pauses += 1;
    this.#world.sendings.allMaySpeak();
    this.#undo({ type: 'resume-scheduling' }, () => {
      this.#isPaused = false;
    });
  }

  #undrain(number: number): void {
    const { nodeId = '' } = this.#world.hosts[number] ?? {};
    this.#undo({ type: 'undrain-node', nodeId }, () => {});
  }

  /** Asked until it is done. */
  #undo(operation: ClusterOperation, done: () => void): void {
    this.#undoing += 1;
    const again = (): void => {
      this.#undoing -= 1;
      this.#undo(operation, done);
    };
    const isAsked = this.#ask(operation, (outcome) => {
      // Of one that was led out, and is away, nothing can be taken back; once it is there again, it is asked for again.
      const isGone = outcome.outcome === 'refused' && outcome.code === 'member_not_found';
      if (outcome.outcome !== 'done' && !isGone) this.#world.queue.after(ASK_AGAIN_MS, again);
      else {
        this.#undoing -= 1;
        done();
      }
    });
    if (!isAsked) this.#world.queue.after(ASK_AGAIN_MS, again);
  }

  #remove(host: NodeHost, forMs: number, emptied: boolean): boolean {
    const world = this.#world;
    if (!world.mayRemove(host)) return false;
    // Any leader may carry it out, whatever becomes of the node that was asked.
    const removing = { host: { incarnation: host.incarnation }, incarnation: host.incarnation };
    world.removing = removing;
    const settled = (): void => {
      if (world.removing === removing) world.removing = null;
    };
    world.queue.after(DECIDED_MS, settled);
    return this.#ask({ type: 'remove-member', nodeId: host.nodeId, acceptLostMajority: false }, ({ outcome }) => {
      if (outcome !== 'done') return;
      settled();
      world.counts.removed += 1;
      this.#later(forMs, () => {
        world.stop(host);
        if (emptied) world.wipe(host);
        world.start(host);
      });
    });
  }

  #ask(operation: ClusterOperation, settled: (outcome: OperationOutcome) => void): boolean {
    const world = this.#world;
    const running = world.hosts.filter(({ process, isPaused }) => process !== null && !isPaused);
    if (running.length === 0) return false;
    const host = this.#random.pick(running);
    const { incarnation } = host;
    this.#asked += 1;
    this.#unanswered += 1;
    const requestId = `operator/${this.#asked}` as CommandId;
    let isSettled = false;
    const settle = (outcome: OperationOutcome): void => {
      if (isSettled) return;
      isSettled = true;
      this.#unanswered -= 1;
      this.told.set(requestId, outcome);
      world.note(host, `${operation.type} ${outcome.outcome}`, 0, 0, () => ({ operation, outcome }));
      world.check(() => settled(outcome));
    };
    host.process?.node.operate(operation, { by: 'operator' }, requestId).then(
      (outcome) => {
        if (incarnation === host.incarnation) settle(outcome);
      },
      (error) =>
        world.check(() => {
          throw error;
        }),
    );
    // Its node died.
    world.queue.after(DECIDED_MS, () => settle({ outcome: 'unknown' }));
    return true;
  }
}
