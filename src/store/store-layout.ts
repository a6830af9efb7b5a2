import { join } from 'node:path';

/** Where everything is under a data directory. Files carry the group from the start, so that more groups can come. */

export const identityPaths = (directory: string): readonly [string, string] => [
  join(directory, 'identity'),
  join(directory, 'identity.copy'),
];

export const lockPath = (directory: string): string => join(directory, 'lock.db');

export interface GroupPaths {
  readonly directory: string;
  readonly log: string;
  readonly wal: string;
  readonly guard: string;
  /** There once a read met a damaged row. */
  readonly damageMark: string;
  /** The projection, which is another's to write; read here only for how far it has applied. */
  readonly state: string;
  /** The newest copy of the state: sent to those that the log cannot bring up to date, and what the state is rebuilt from. */
  readonly snapshot: string;
  /** What has arrived of a snapshot, and which one it is. */
  readonly partial: string;
  readonly partialHead: string;
  /** There while a snapshot takes the place of state and log. */
  readonly installMark: string;
}

export function groupPaths(directory: string, group = 0): GroupPaths {
  const at = join(directory, `group-${group}`);
  const log = join(at, 'log.db');
  return {
    directory: at,
    log,
    wal: `${log}-wal`,
    guard: join(at, 'guard'),
    damageMark: join(at, 'log-damaged'),
    state: join(at, 'state.db'),
    snapshot: join(at, 'snapshot.db'),
    partial: join(at, 'snapshot.partial'),
    partialHead: join(at, 'snapshot.partial-head'),
    installMark: join(at, 'snapshot.install'),
  };
}
