import { call } from './call.ts';
import type { Cluster } from './cluster.ts';

const ASK_MS_MAX = 3_000;
const ITEMS_MAX = 1_000;

/** A list of a task, from whichever node answers. */
export async function listOf(cluster: Cluster, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  for (const { node } of cluster.machines) {
    if (!node.isRunning) continue;
    const url = `${node.url}/v1/tasks/${path}?limit=${ITEMS_MAX}`;
    const answer = await call({ method: 'GET', url, timeoutMs: ASK_MS_MAX });
    if (answer.kind === 'answered' && answer.status === 200) {
      return answer.value.items as readonly Readonly<Record<string, unknown>>[];
    }
  }
  return [];
}
