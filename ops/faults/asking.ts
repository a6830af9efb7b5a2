import { call } from './call.ts';
import type { Cluster } from './cluster.ts';

const ASK_MS_MAX = 3_000;

/** A list of a task, from whichever node answers. */
export async function listOf(cluster: Cluster, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  for (const { node } of cluster.machines) {
    if (!node.isRunning) continue;
    const answer = await call({ method: 'GET', url: `${node.url}/v1/tasks/${path}`, timeoutMs: ASK_MS_MAX });
    if (answer.kind !== 'answered') continue;
    // To take a refusal for an empty list would make a loss of what was passed over.
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${String(answer.value.detail)}`);
    return answer.value.items as readonly Readonly<Record<string, unknown>>[];
  }
  return [];
}
