import type { ClusterId, LogIndex, Term } from '../raft/types.ts';
import { ok, type Result, refused } from '../result.ts';

/**
 * Where in the log a reader of events stands. Log index and place in the entry are the same on every node, so that a reader goes on at
 * another; with the term they name one entry and no other (paper §5.3, log matching). To clients the id is opaque.
 */
export interface EventPlace {
  readonly term: Term;
  readonly index: LogIndex;
  /** The last event of the entry that was seen; null: all of them. */
  readonly event: number | null;
}

export type EventIdProblem = 'malformed' | 'foreign';

/** Enough that ids of two clusters are not taken for each other. */
const CLUSTER_CHARS = 8;
/** In base 36 a safe integer has up to eleven digits. */
const EVENT_ID = /^([0-9A-Za-z_]{1,8})-([0-9a-z]{1,11})-([0-9a-z]{1,11})(?:-([0-9a-z]{1,11}))?$/;

const clusterOf = (clusterId: ClusterId): string => clusterId.slice(0, CLUSTER_CHARS).replace(/[^0-9A-Za-z]/g, '_');

export function eventIdOf(clusterId: ClusterId, { term, index, event }: EventPlace): string {
  const entry = `${clusterOf(clusterId)}-${term.toString(36)}-${index.toString(36)}`;
  return event === null ? entry : `${entry}-${event.toString(36)}`;
}

export function readEventId(clusterId: ClusterId, text: string): Result<EventPlace, EventIdProblem> {
  const [, cluster, ...numbers] = EVENT_ID.exec(text) ?? [];
  const [term, index, event] = numbers.map((digits) =>
    digits === undefined ? undefined : Number.parseInt(digits, 36),
  );
  if (term === undefined || index === undefined || !numbers.every(isSafe)) return refused('malformed');
  if (cluster !== clusterOf(clusterId)) return refused('foreign');
  return ok({ term, index, event: event ?? null });
}

const isSafe = (digits: string | undefined): boolean =>
  digits === undefined || Number.isSafeInteger(Number.parseInt(digits, 36));
