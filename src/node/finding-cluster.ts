import type { Clock, Timer } from '../clock.ts';
import { beginForming, hailOf, hear, outcomeOf, readHail, type Wanted } from '../raft/forming.ts';
import type { ClusterId, Configuration, InstanceId, NodeId } from '../raft/types.ts';
import type { Transport } from '../transport/transport.ts';
import { HAIL_EVERY_MS } from './limits.ts';

/** An empty data directory looks for its cluster: it founds one with the others on its list, or finds the one that is there. */
export interface FindingOptions {
  readonly self: { readonly nodeId: NodeId; readonly instance: InstanceId };
  /** `--peers`: read by an empty data directory only. */
  readonly peers: readonly NodeId[];
  readonly wants: Wanted;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly digest: (text: string) => string;
  /** Who is awaited, each time that changes. */
  readonly waiting: (nodeIds: readonly NodeId[]) => void;
}

export interface FoundCluster {
  readonly clusterId: ClusterId;
  /** What the log begins with. Null: it begins empty, and gets everything from the others. */
  readonly configuration: Configuration | null;
}

export interface Finding {
  /** Null when it was stopped. */
  readonly found: Promise<FoundCluster | null>;
  stop(): void;
}

export function findCluster(options: FindingOptions): Finding {
  const { self, peers, wants, transport, clock, digest, waiting } = options;
  const forming = beginForming(self, peers, wants);
  const { promise, resolve } = Promise.withResolvers<FoundCluster | null>();
  let timer: Timer | null = null;
  let awaited = '';
  let ended = false;

  function end(found: FoundCluster | null): void {
    ended = true;
    timer?.cancel();
    resolve(found);
  }

  function look(): void {
    const outcome = outcomeOf(forming, digest);
    if (outcome.kind === 'found') {
      // The others may not have heard yet that this node agrees: without that they would wait for one who is gone.
      transport.hail(hailOf(forming));
      end(outcome);
    } else if (outcome.kind === 'join') end({ clusterId: outcome.clusterId, configuration: null });
    else if (outcome.for.join() !== awaited) {
      awaited = outcome.for.join();
      waiting(outcome.for);
    }
  }

  function call(): void {
    transport.hail(hailOf(forming));
    timer = clock.setTimer(HAIL_EVERY_MS, call);
  }

  transport.listen({
    received() {},
    unreachable() {},
    hailed(said) {
      const hail = readHail(said);
      if (hail === null || ended) return;
      hear(forming, hail);
      look();
    },
  });
  call();
  look();
  return { found: promise, stop: () => end(null) };
}
