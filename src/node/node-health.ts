import type { Consistency, NodeHealth, UnavailableReason } from './api.ts';

type Life = NodeHealth['state'];

export const REMOVED_IN_WORDS = 'it was removed from its cluster: started with --join it comes back';

/** The state of the node's own machine, and why it is not ready, in words for a person. */
export function healthOf(
  state: Life,
  reason: string | null,
  replaying: { readonly appliedIndex: number; readonly lastIndex: number } | null,
  /** What may keep it from a leader; null where nothing is known. */
  lack: string | null = null,
): NodeHealth {
  const reasons: Readonly<Record<Life, string | null>> = {
    booting: 'opening the data directory',
    recovering:
      replaying === null
        ? `waiting for a leader${lack === null ? '' : `: ${lack}`}`
        : `replaying the log: ${replaying.appliedIndex} of ${replaying.lastIndex} entries applied`,
    serving: null,
    draining: 'stopping: waiting for callbacks in flight',
    storageFailed: `storage failed, writes are refused until it is mended and the node restarted: ${reason}`,
    halted: `halted: ${reason}`,
    stopped: 'stopped',
  };
  return { state, ready: state === 'serving', reason: reasons[state] };
}

/** Null when writes are taken: with others around, one of them may lead, or will soon. */
export function closedToWrites(life: Life, isAlone: boolean): UnavailableReason | null {
  switch (life) {
    case 'serving':
      return null;
    case 'recovering':
      return isAlone ? 'starting' : null;
    case 'booting':
      return 'starting';
    case 'draining':
    case 'stopped':
      return 'stopping';
    case 'storageFailed':
    case 'halted':
      return 'storage_failed';
  }
}

/** After a failed write what is applied stays readable: as it is, where that is all there is (`showsAll`); as stale in any case. */
export function closedToReads(
  life: Life,
  isAlone: boolean,
  showsAll: boolean,
  consistency: Consistency,
): UnavailableReason | null {
  if (life === 'storageFailed' && (showsAll || consistency === 'stale')) return null;
  if (life === 'recovering' && consistency === 'stale') return null;
  return closedToWrites(life, isAlone);
}
