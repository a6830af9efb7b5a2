import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsServer, startNatsServer } from '../../ops/scripts/nats-server.ts';
import { readJson } from './client.ts';
import { type Serving, serve, until } from './serving.ts';

/** Three nodes as their users run them, on a nats-server of their own. */
export interface NatsCluster {
  readonly nats: NatsServer;
  /** By node id, those that run. */
  readonly nodes: ReadonlyMap<string, Serving>;
  node(nodeId: string): Serving;
  /** Starts it on the directory that it had, or on a new one; resolves when it is ready. */
  start(nodeId: string, flags?: readonly string[]): Promise<Serving>;
  /** The same, as soon as it listens. */
  begin(nodeId: string, flags: readonly string[]): Promise<Serving>;
  kill(nodeId: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Of a node that does not run: its directory is empty. */
  wipe(nodeId: string): void;
  /** As the nodes that run say it, once they agree. */
  leader(): Promise<string>;
  close(): Promise<void>;
}

export interface ClusterSeen {
  readonly cluster_id: string;
  readonly leader_id: string | null;
  readonly role: string;
  readonly term: number;
  readonly commit_index: number;
  readonly applied_index: number;
  readonly members: readonly {
    readonly node_id: string;
    readonly kind: string;
    readonly role: string | null;
    readonly http_url: string | null;
    readonly match_index: number | null;
    readonly lag_ms: number | null;
    readonly alive: boolean;
  }[];
}

export const clusterSeenBy = async ({ url }: Serving): Promise<ClusterSeen> =>
  (await readJson<ClusterSeen>(`${url}/v1/cluster`)).value;

export async function openNatsCluster(
  founders: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  foundersFlags: readonly string[] = [],
): Promise<NatsCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-cluster-'));
  const nats = await startNatsServer();
  const nodes = new Map<string, Serving>();

  async function start(nodeId: string, flags: readonly string[], until?: 'listening'): Promise<Serving> {
    const server = flags.includes('--nats-url') ? [] : ['--nats-url', nats.url];
    const node = await serve(join(directory, nodeId), {
      flags: ['--node-id', nodeId, '--cluster', 'demo', ...server, ...flags],
      environment,
      ...(until === undefined ? {} : { until }),
    });
    nodes.set(nodeId, node);
    return node;
  }
  async function close(): Promise<void> {
    await Promise.all([...nodes.values()].map((node) => node.kill('SIGKILL')));
    await nats.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    await Promise.all(founders.map((nodeId) => start(nodeId, ['--peers', founders.join(','), ...foundersFlags])));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    nats,
    nodes,
    node(nodeId) {
      const node = nodes.get(nodeId);
      if (node === undefined) throw new Error(`${nodeId} does not run`);
      return node;
    },
    start: (nodeId, flags = []) => start(nodeId, flags),
    begin: (nodeId, flags) => start(nodeId, flags, 'listening'),
    async kill(nodeId, signal) {
      await nodes.get(nodeId)?.kill(signal);
      nodes.delete(nodeId);
    },
    wipe: (nodeId) => rmSync(join(directory, nodeId), { recursive: true }),
    async leader() {
      let leaders: readonly (string | null)[] = [];
      await until(
        async () => {
          leaders = (await Promise.all([...nodes.values()].map(clusterSeenBy))).map(({ leader_id }) => leader_id);
          return leaders[0] !== null && nodes.has(leaders[0] ?? '') && leaders.every((one) => one === leaders[0]);
        },
        () => `the nodes say that ${leaders.join(', ')} lead`,
      );
      return leaders[0] ?? '';
    },
    close,
  };
}
