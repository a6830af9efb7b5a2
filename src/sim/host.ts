import type { Incarnation, InstanceId, MemberId, NodeId } from '../raft/types.ts';
import { memberId } from '../raft/types.ts';
import type { SimulatedClock } from './clock.ts';
import type { FailingDisk, SimulatedDisk } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import type { HostedProcess, SimulatedProcess } from './process.ts';

/** What outlives a process: the disk, the clock, a place on the network, and the identity that the disk carries. */
export class Host<Disk extends FailingDisk = SimulatedDisk, Process extends HostedProcess = SimulatedProcess> {
  readonly number: number;
  readonly nodeId: NodeId;
  instance: InstanceId;
  incarnation = 0 as Incarnation;
  disk: Disk;
  readonly clock: SimulatedClock;
  process: Process | null = null;
  /** Its disk lost something and nobody has brought it back yet: it counts as down. */
  impaired = false;
  readonly #queue: EventQueue;
  #pauses = 0;
  #postponed: (() => void)[] = [];

  constructor(number: number, queue: EventQueue, clock: SimulatedClock, disk: Disk) {
    this.number = number;
    this.nodeId = `n${number + 1}` as NodeId;
    this.instance = 'i1' as InstanceId;
    this.clock = clock;
    this.disk = disk;
    this.#queue = queue;
  }

  get member(): MemberId {
    return memberId(this.nodeId, this.instance);
  }

  get isPaused(): boolean {
    return this.#pauses > 0;
  }

  /** Something that the process of now is to do later. Forgotten with the process, and put off while it is paused. */
  later(delayMs: number, run: () => void): void {
    const incarnation = this.incarnation;
    this.#queue.after(delayMs, () => {
      if (incarnation === this.incarnation) this.now(run);
    });
  }

  /** At once, unless the process is paused. */
  now(run: () => void): void {
    if (this.process === null) return;
    if (this.#pauses > 0) this.#postponed.push(run);
    else run();
  }

  pause(): void {
    this.#pauses += 1;
  }

  resume(): void {
    this.#pauses = Math.max(0, this.#pauses - 1);
    if (this.#pauses > 0) return;
    const incarnation = this.incarnation;
    for (const run of this.#postponed.splice(0)) if (incarnation === this.incarnation && this.process !== null) run();
  }

  /** The process is gone; what it planned is forgotten. */
  stop(): void {
    this.process = null;
    this.incarnation = (this.incarnation + 1) as Incarnation;
    this.#postponed = [];
  }
}
