import { resolve } from 'node:path';
import { backupStore, type ForcedCluster, forceNewCluster, restoreStore } from '../node/maintenance.ts';
import type { NodeId } from '../raft/types.ts';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { SETTINGS } from './settings.ts';
import { onStore } from './store-maintenance.ts';
import { printable, type Terminal } from './terminal.ts';

/** Taking a store elsewhere, and going on where most of a cluster is gone. */

const nothingChanged = (terminal: Terminal, message: string): ExitCode => {
  terminal.err(`xcron: nothing was changed: ${printable(message)}`);
  return EXIT.refused;
};

export async function backup(
  file: string,
  { dataDir }: { readonly dataDir: string },
  { terminal }: Asked,
): Promise<ExitCode> {
  return onStore(terminal, async () => {
    const done = await backupStore(dataDir, file, Date.now(), (text) => {
      if (terminal.errIsTty) terminal.err(text);
    });
    if (!done.ok) return nothingChanged(terminal, done.error);
    const { record, lastIndex } = done.value;
    terminal.out(`${printable(resolve(file))}: the state of cluster ${record.clusterId} at entry ${record.index}.`);
    terminal.out(`State hash ${record.stateHash}: every row was read and verified.`);
    if (lastIndex > record.index) {
      terminal.out(
        `The log goes on to entry ${lastIndex}. Others vote on what is in force there: a stopped member cannot tell, so it is not in the backup.`,
      );
    }
    return EXIT.done;
  });
}

export async function restore(
  file: string,
  { dataDir, nodeId }: { readonly dataDir: string; readonly nodeId: string },
  { terminal }: Asked,
): Promise<ExitCode> {
  const name = SETTINGS.nodeId.kind.parse(nodeId);
  if (!name.ok) {
    terminal.err(`xcron: --node-id ${printable(name.error)}; allowed: ${SETTINGS.nodeId.kind.allowed}`);
    return EXIT.usage;
  }
  return onStore(terminal, async () => {
    const done = await restoreStore(file, dataDir, nodeId as NodeId);
    if (!done.ok) return nothingChanged(terminal, done.error);
    const { backup: from, identity } = done.value;
    terminal.out(
      `${printable(resolve(dataDir))}: node ${identity.nodeId}, only member of the new cluster ${identity.clusterId}.`,
    );
    terminal.out(
      `Its state is that of cluster ${from.clusterId} at entry ${from.index}, backed up ${new Date(from.madeAtMs).toISOString()}.`,
    );
    terminal.out(
      'Callbacks that were on their way then are settled at the first start, and sent again where that is allowed.',
    );
    return EXIT.done;
  });
}

export async function force(
  { dataDir, iKnowThisLosesQuorum }: { readonly dataDir: string; readonly iKnowThisLosesQuorum?: true },
  { terminal }: Asked,
): Promise<ExitCode> {
  return onStore(terminal, () => {
    const done = forceNewCluster(dataDir, iKnowThisLosesQuorum === true);
    if (done.ok) {
      terminal.out(
        `${printable(resolve(dataDir))}: node ${done.value.identity.nodeId}, only voter of the new cluster ${done.value.identity.clusterId}.`,
      );
      for (const line of lossInWords(done.value)) terminal.out(line);
      terminal.out('Start it, then let the others join anew, each on an empty directory.');
      return EXIT.done;
    }
    const { message, would } = done.error;
    if (would === undefined) return nothingChanged(terminal, message);
    for (const line of lossInWords(would)) terminal.out(line);
    return nothingChanged(terminal, `${message}; --i-know-this-loses-quorum says that it is`);
  });
}

function lossInWords({ oldClusterId, lastIndex, leftBehind, lostTail }: ForcedCluster): readonly string[] {
  const others = leftBehind.map(({ nodeId }) => nodeId).join(', ');
  return [
    `The log is kept up to entry ${lastIndex - 1}, and all of it is taken for agreed on.`,
    others === ''
      ? 'Nobody else voted: nothing is lost.'
      : `Lost is what ${others} agreed on and this node never received. They stay in cluster ${oldClusterId} and are refused here.`,
    ...(lostTail ? ['This log is known to have lost its end: what it had acknowledged may be missing, too.'] : []),
  ];
}
