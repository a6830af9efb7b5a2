import type { ClusterId, Configuration, LogIndex, Member } from '../raft/types.ts';
import { ok, type Result, refused } from '../result.ts';
import { type Identity, openDataDirectory, randomId, readIdentity, writeIdentity } from './data-directory.ts';
import { lastIncludedAt } from './last-included.ts';
import { finishInstall } from './snapshot-install.ts';
import { openLogStore } from './sqlite-log-store.ts';

/**
 * `xcron store force-new-cluster`: for when most voters are gone for good. All that the log holds is taken for committed, and its node is
 * the only voter from then on. What the old majority acknowledged without this node is lost. A new cluster id keeps the old members
 * out, should they come back: they go on holding what they hold, and nobody mixes the two.
 */
export interface ForcedCluster {
  readonly identity: Identity;
  readonly oldClusterId: ClusterId;
  readonly lastIndex: LogIndex;
  /** Who voted before, this node aside. */
  readonly leftBehind: readonly Member[];
  /** This log is known to have lost its end: then more may be missing than what never reached it. */
  readonly lostTail: boolean;
}

/** `accepted`: the loss was accepted in so many words; else says what would be done, and changes nothing. Throws StorageRefused. */
export function forceNewCluster(
  directory: string,
  accepted: boolean,
): Result<ForcedCluster, { readonly message: string; readonly would?: ForcedCluster }> {
  const before = readIdentity(directory);
  if (before === undefined || !before.logCreated) return refused({ message: `${directory} holds no log` });
  const opened = openDataDirectory(directory, before.nodeId);
  try {
    finishInstall(opened);
    const log = openLogStore(opened, { verifyFrom: 1 });
    try {
      const { configuration = null } = lastIncludedAt(log, log.lastIndex) ?? {};
      if (configuration === null) return refused({ message: `${directory} was never a member of a cluster` });
      const { nodeId, instance } = opened.identity;
      const voters = [...configuration.members, ...(configuration.outgoing ?? [])].filter(
        ({ kind }) => kind === 'voter',
      );
      const forced: ForcedCluster = {
        identity: { ...opened.identity, clusterId: randomId() as ClusterId },
        oldClusterId: opened.identity.clusterId,
        lastIndex: log.lastIndex + 1,
        leftBehind: voters.filter(
          (voter, at) =>
            voter.instance !== instance && voters.findIndex((other) => other.instance === voter.instance) === at,
        ),
        lostTail: log.lostTail,
      };
      if (!accepted) return refused({ message: 'the loss was not accepted', would: forced });
      // First of all: with the old id, the log that follows would be taken for the old cluster's.
      writeIdentity(directory, { ...forced.identity, logCreated: true });
      const { outgoing: _, ...kept } = configuration;
      const alone: Configuration = { ...kept, members: [{ nodeId, instance, kind: 'voter' }] };
      const { term } = log.hardState;
      log.persist({
        entries: [{ index: log.lastIndex + 1, term, kind: 'configuration', data: JSON.stringify(alone) }],
      });
      log.recovered();
      return ok(forced);
    } finally {
      log.close();
    }
  } finally {
    opened.close();
  }
}
