import { verifyState } from '../../src/node/verify-state.ts';
import type { Cluster } from './cluster.ts';
import { createLogAgreement, entriesThrough } from './log-agreement.ts';

/**
 * Stops all nodes in order, and holds the state of each to its log, and both to the others' (I4). Not of one whose log was spoiled and that went
 * on with it: what is wrong far from the log's end shows in `xcron store check` alone.
 */
export async function checkStates({ machines }: Cluster, found: (what: string) => void): Promise<string> {
  const hashAt = new Map<number, string>();
  const said: string[] = [];
  const logs = createLogAgreement(found);
  for (const { node } of machines) {
    const { how } = await node.end('SIGTERM');
    if (how !== 0) found(`${node.nodeId} was told to stop and ended with ${how}`);
    if (node.hasSpoiledLog) continue;
    const report = await verifyState(node.dataDirectory, () => {});
    logs.take(node.nodeId, entriesThrough(node.dataDirectory, report.index));
    switch (report.kind) {
      case 'same': {
        const other = hashAt.get(report.index) ?? report.recorded;
        if (other !== report.recorded)
          found(`I4: at entry ${report.index} there are states ${other} and ${report.recorded}`);
        hashAt.set(report.index, report.recorded);
        said.push(`${node.nodeId} as its log says at ${report.index}`);
        break;
      }
      case 'out-of-reach':
        said.push(`${node.nodeId} has rows as they were written at ${report.index}`);
        break;
      case 'different':
      case 'rows-damaged':
        found(`I4: the state of ${node.nodeId} is not what its log says: ${JSON.stringify(report)}`);
    }
  }
  return `${said.join(', ') || 'none to be looked at'}; ${logs.shared} entries that several hold, the same`;
}
