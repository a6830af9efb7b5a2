import type { Clock } from '../clock.ts';
import { StorageRefused } from './log-store.ts';
import { createOverlay } from './overlay.ts';
import type { Projection, ProjectionStart, RunRef } from './projection.ts';
import {
  CACHED_BYTES_MAX,
  CACHED_ENTITIES_MAX,
  FETCH_REFS_MAX,
  FLUSH_AFTER_MS,
  FLUSH_AT_ENTITIES,
} from './projection-bounds.ts';
import { listDue } from './projection-due.ts';
import { createFetcher } from './projection-fetch.ts';
import { createFlusher } from './projection-flush.ts';
import { createHistoryReads } from './projection-history.ts';
import { openProjectionLink } from './projection-link.ts';
import { createReads } from './projection-reads.ts';
import { checkReach } from './projection-repair.ts';
import { createRefusedPairs } from './refused-pairs.ts';
import { decodeMeta, runKey } from './rows.ts';
import { groupPaths } from './store-layout.ts';

export interface ProjectionOptions {
  /** The data directory. */
  readonly directory: string;
  readonly clock: Clock;
  readonly maxCachedEntities?: number;
  readonly flushAtEntities?: number;
  readonly flushAfterMs?: number;
  /** What the log has forgotten: a projection that does not reach it cannot be brought up to date, and is refused. */
  readonly logBaseIndex?: number;
}

export interface SqliteProjection extends Projection {
  readonly start: ProjectionStart;
  /** Clean entities held in memory beside the overlay. */
  readonly cachedEntities: number;
}

/** Throws `StorageRefused` when the file cannot be used as it is. */
export async function openProjection(options: ProjectionOptions): Promise<SqliteProjection> {
  const { directory, clock } = options;
  let lost: (error: Error) => void = () => undefined;
  const link = await openProjectionLink(groupPaths(directory).state, (error) => lost(error));
  const start: ProjectionStart = { appliedIndex: link.opened.index, meta: decodeMeta(link.opened.meta) };
  try {
    checkReach(directory, start.appliedIndex, options.logBaseIndex ?? 0);
  } catch (error) {
    await link.close();
    throw error;
  }

  const overlay = createOverlay({
    ...start,
    cachedEntitiesMax: options.maxCachedEntities ?? CACHED_ENTITIES_MAX,
    cachedBytesMax: CACHED_BYTES_MAX,
  });
  let refused = createRefusedPairs(link.opened.refused, start.appliedIndex);
  const flusher = createFlusher(overlay, link, {
    clock,
    flushAtEntities: options.flushAtEntities ?? FLUSH_AT_ENTITIES,
    flushAfterMs: options.flushAfterMs ?? FLUSH_AFTER_MS,
    refusedText: (through) => refused.text(through),
  });
  lost = flusher.fail;
  const fetcher = createFetcher(overlay, link);
  const reads = createReads(overlay, link);
  const history = createHistoryReads(overlay, link);
  const { tasks, executions, keys } = overlay;

  return {
    start,
    entities: overlay.entities,
    get appliedIndex() {
      return overlay.appliedIndex;
    },
    get durableIndex() {
      return flusher.durableIndex;
    },
    get overlaySize() {
      return overlay.size;
    },
    get cachedEntities() {
      return overlay.cachedEntities;
    },
    get counts() {
      return flusher.counts;
    },
    get lastIncluded() {
      return flusher.lastIncluded;
    },
    get refused() {
      return refused;
    },
    standOn: flusher.standOn,
    missing: overlay.missing,
    load: (refs, pinned = true) => fetcher.bring(refs, pinned),
    applied(index, entry) {
      overlay.applied(index, entry);
      flusher.changed();
    },
    flush: flusher.flush,
    untilRoom() {
      overlay.batchOver();
      return flusher.untilRoom();
    },
    onFailure: flusher.onFailure,

    readTask: (taskId) => fetcher.read({ kind: 'task', taskId }, () => tasks.get(taskId)),
    listTasks: reads.tasks,
    readExecution: (taskId, run) =>
      fetcher.read({ kind: 'execution', taskId, run }, () => executions.get(runKey(taskId, run))),
    listExecutions: reads.executions,
    readKey: (key) => fetcher.read({ kind: 'key', key }, () => keys.get(key)),
    dueAfter: (after, untilMs, limit) =>
      listDue(overlay, link, (refs) => fetcher.bring(refs, false), { after, untilMs, limit }),
    openClaims: async (after, limit) => (await reads.openClaims(after, limit)).map(refOf),
    async orphanedClaims(limit) {
      const orphans: RunRef[] = [];
      let after: RunRef | null = null;
      // All open claims are looked at: the leader bounds how many there are.
      do {
        const from: RunRef | null = after;
        const claims = await reads.openClaims(from, FETCH_REFS_MAX);
        const { nodes } = overlay.entities.meta();
        for (const claim of claims)
          if (nodes[claim.nodeId]?.incarnation !== claim.incarnation) orphans.push(refOf(claim));
        after = claims.length < FETCH_REFS_MAX ? null : (claims.at(-1) ?? null);
      } while (after !== null && orphans.length < limit);
      return orphans.slice(0, limit);
    },
    async prunable(kept, excess, limit) {
      if (flusher.failure === undefined) await flusher.flush();
      return history.prunable(kept, excess, limit);
    },
    newestDeadLetters: reads.newestDeadLetters,
    newestMissed: reads.newestMissed,
    deadLettersBefore: async (endedBeforeMs, limit) => (await reads.deadLetters(endedBeforeMs, limit)).map(refOf),
    async finishedTasksBefore(finishedBeforeMs, limit) {
      const finished = await reads.finishedTasks(finishedBeforeMs, limit);
      return history.runsOf(finished.map(({ taskId }) => taskId));
    },
    keysExpiredBefore: async (expiresBeforeMs, limit) =>
      (await reads.expiredKeys(expiresBeforeMs, limit)).map(({ key }) => key),

    async stateHash() {
      await flusher.flush();
      return { index: flusher.durableIndex, hash: flusher.hash };
    },
    async copyTo(file) {
      await flusher.flush();
      return link.ask('copy', { file }, (answer) => answer);
    },
    replaceWith: (file) =>
      flusher.startAnew(() =>
        link
          .ask('replace', { file }, (answer) => {
            overlay.startAnew(answer.index, decodeMeta(answer.meta));
            refused = createRefusedPairs(answer.refused, answer.index);
            return answer;
          })
          .catch((error: Error) => {
            // Refused as it came, or lost on the way: then what is in place now is known only to the next start.
            if (!(error instanceof StorageRefused)) flusher.fail(error);
            throw error;
          }),
      ),
    async close({ flush } = { flush: true }) {
      try {
        if (flush && flusher.failure === undefined) await flusher.flush();
      } finally {
        await flusher.stop();
        await link.close();
      }
    },
  };
}

const refOf = ({ taskId, run }: RunRef): RunRef => ({ taskId, run });
