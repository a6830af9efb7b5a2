import type { MemberId } from '../raft/types.ts';
import { noCounts } from './counts.ts';
import type { PeerBatch, Transport, TransportListener } from './transport.ts';

/** The port within one process, for tests: in order, a turn of the event loop later, unless a link is cut. */
export interface MemoryNetwork {
  join(self: MemberId): Transport;
  /** One way: nothing from `from` reaches `to` any more. */
  cut(from: MemberId, to: MemberId): void;
  heal(): void;
}

export function createMemoryNetwork(): MemoryNetwork {
  const listeners = new Map<MemberId, TransportListener>();
  const cuts = new Set<string>();
  const linkOf = (from: MemberId, to: MemberId): string => `${from} ${to}`;

  function deliver(from: MemberId, to: MemberId, batch: PeerBatch): void {
    if (!cuts.has(linkOf(from, to))) listeners.get(to)?.received(from, batch);
  }

  return {
    join(self) {
      let isOpen = true;
      return {
        send(to, batch) {
          if (!isOpen) return;
          // A copy, as any wire makes one: what is sent is not changed by what happens to it here.
          const copy = structuredClone(batch);
          setImmediate(() => deliver(self, to, copy));
        },
        hail(hail) {
          if (!isOpen) return;
          const copy = structuredClone(hail);
          setImmediate(() => {
            for (const [to, listener] of listeners) {
              if (to !== self && !cuts.has(linkOf(self, to))) listener.hailed(copy);
            }
          });
        },
        listen: (listener) => void listeners.set(self, listener),
        handedOver: () => null,
        counts: noCounts,
        trouble: () => null,
        async close() {
          isOpen = false;
          listeners.delete(self);
        },
      };
    },
    cut: (from, to) => void cuts.add(linkOf(from, to)),
    heal: () => cuts.clear(),
  };
}
