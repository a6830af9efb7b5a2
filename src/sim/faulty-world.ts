import type { Configuration } from '../raft/types.ts';
import type { FailingDisk } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import type { GarbledWhere } from './fault.ts';
import type { Host } from './host.ts';
import type { Links } from './network.ts';
import type { HostedProcess } from './process.ts';

export type AnyHost = Host<FailingDisk, HostedProcess>;

/** What faults need of a world, whatever its processes run. */
export interface FaultyWorld {
  readonly queue: EventQueue;
  readonly network: Links;
  readonly hosts: readonly AnyHost[];
  readonly leader: AnyHost | null;
  /** A removal that is asked for and not settled. */
  readonly removing: { readonly host: Pick<AnyHost, 'incarnation'>; readonly incarnation: number } | null;
  /** Those that are in force on some node, or may come into force again. */
  configurations(): Iterable<Configuration>;
  start(host: AnyHost): void;
  stop(host: AnyHost, surviving?: number): void;
  wipe(host: AnyHost): void;
  loseTail(host: AnyHost, count: number): void;
  /** False: there is no such row. */
  damageRow?(host: AnyHost, back: number): boolean;
  /** How far the log on its disk reaches. */
  logEnd?(host: AnyHost): number;
  /** Called once, when a leader appends a configuration, and then forgotten. */
  onChange?: ((leader: AnyHost) => void) | null;
  /** As well, when a candidate asks for votes. */
  onCandidate?: ((candidate: AnyHost) => void) | null;
  /** What is made of pieces of snapshots; null: they arrive as they were sent. */
  garbling?: { readonly share: number; readonly where: GarbledWhere } | null;
  note(host: AnyHost | null, kind: string, a: number, b: number, more?: () => object): void;
}
