import type { Effect, Input } from '../raft/ports.ts';
import type { SnapshotStore } from '../store/snapshot-store.ts';

/** Carries out what the core wants done with snapshots; each completion is an input again. */
type SnapshotEffect = Extract<Effect, { readonly type: 'make-snapshot' | 'read-snapshot' | 'write-snapshot' }>;

export function carryOutSnapshot(
  snapshots: SnapshotStore,
  effect: SnapshotEffect,
  arrived: (input: Input) => void,
  failed: (error: Error) => void,
): void {
  switch (effect.type) {
    case 'make-snapshot':
      snapshots.make().then(
        (head) => arrived({ type: 'snapshot-made', head }),
        // Most likely for want of space: asked again after a while.
        () => arrived({ type: 'snapshot-made', head: null }),
      );
      return;
    case 'read-snapshot': {
      const { to, snapshotId, offset, maxBytes } = effect;
      snapshots.read(snapshotId, offset, maxBytes).then(
        (piece) => arrived({ type: 'snapshot-read', to, snapshotId, offset, piece }),
        () => arrived({ type: 'snapshot-read', to, snapshotId, offset, piece: null }),
      );
      return;
    }
    case 'write-snapshot': {
      const { head, offset, data, checksum } = effect;
      snapshots
        .write(head, offset, { data, checksum })
        .then((kept) => arrived({ type: 'snapshot-written', snapshotId: head.snapshotId, offset: kept }), failed);
      return;
    }
  }
}
