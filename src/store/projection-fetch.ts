import { unreachable } from '../invariant.ts';
import type { EntityRef } from '../tasks/needs.ts';
import type { Overlay } from './overlay.ts';
import { executionWeight, keyWeight, taskWeight } from './overlay-weight.ts';
import { FETCH_REFS_MAX } from './projection-bounds.ts';
import type { ProjectionLink } from './projection-link.ts';
import type { Fetched, FetchRef } from './projection-protocol.ts';
import { decodeExecution, decodeKey, decodeTask, runKey } from './rows.ts';

/** Brings entities from the file into memory. */
export interface Fetcher {
  /** With `pin`, until the overlay's next `applied()`. */
  bring(refs: readonly EntityRef[], pin: boolean): Promise<void>;
  /** `get` looks into memory, and is called when the entity is there. */
  read<T>(ref: FetchRef, get: () => T): Promise<T>;
}

export function createFetcher(overlay: Overlay, link: ProjectionLink): Fetcher {
  const { tasks, executions, keys } = overlay;

  function remember(ref: FetchRef, texts: Fetched, pin: boolean): void {
    const [first, second] = texts ?? [];
    switch (ref.kind) {
      case 'task': {
        const { taskId } = ref;
        const value = first === undefined || second === undefined ? undefined : decodeTask(taskId, first, second);
        tasks.remember(taskId, { value, weight: value === undefined ? 0 : taskWeight(value) }, pin);
        break;
      }
      case 'execution': {
        const { taskId, run } = ref;
        const value = first === undefined ? undefined : decodeExecution(taskId, run, first);
        const weight = value === undefined ? 0 : executionWeight(value);
        executions.remember(runKey(taskId, run), { value, weight }, pin);
        break;
      }
      case 'key': {
        const value = first === undefined ? undefined : decodeKey(ref.key, first);
        keys.remember(ref.key, { value, weight: value === undefined ? 0 : keyWeight(value) }, pin);
        break;
      }
      default:
        unreachable(ref);
    }
  }

  async function fetch(refs: readonly FetchRef[], pin: boolean): Promise<void> {
    for (let done = 0; done < refs.length; ) {
      const asked = refs.slice(done, done + FETCH_REFS_MAX);
      done += await link.ask('fetch', asked, (answer) => {
        answer.forEach((texts, position) => {
          const ref = asked[position];
          if (ref !== undefined) remember(ref, texts, pin);
        });
        return answer.length;
      });
    }
  }

  /** The tasks, runs and keys that are missing, each once. Of `open-executions` the task comes first: it names the runs. */
  function distinct(refs: readonly EntityRef[]): FetchRef[] {
    const found = new Map<string, FetchRef>();
    for (const ref of overlay.missing(refs)) {
      switch (ref.kind) {
        case 'task':
          found.set(`task ${ref.taskId}`, ref);
          break;
        case 'execution':
          found.set(`run ${runKey(ref.taskId, ref.run)}`, ref);
          break;
        case 'key':
          found.set(`key ${ref.key}`, ref);
          break;
        case 'open-executions':
          if (!tasks.has(ref.taskId)) found.set(`task ${ref.taskId}`, { kind: 'task', taskId: ref.taskId });
          break;
        default:
          unreachable(ref);
      }
    }
    return [...found.values()];
  }

  const openRuns = (refs: readonly EntityRef[]): FetchRef[] =>
    refs.flatMap((ref) => {
      if (ref.kind !== 'open-executions' || !tasks.has(ref.taskId)) return [];
      const { taskId } = ref;
      return (tasks.get(taskId)?.openRuns ?? [])
        .filter((run) => !executions.has(runKey(taskId, run)))
        .map((run): FetchRef => ({ kind: 'execution', taskId, run }));
    });

  return {
    async bring(refs, pin) {
      const missing = distinct(refs);
      // Before waiting, so that what is in memory now is not evicted meanwhile; and after, for the runs that were found out.
      if (pin) overlay.pin(refs);
      await fetch(missing, pin);
      await fetch(openRuns(refs), pin);
      if (pin) overlay.pin(refs);
    },
    async read(ref, get) {
      if (overlay.missing([ref]).length === 0) return get();
      return link.ask('fetch', [ref], ([texts]) => {
        // In the cache it stays at least until the next one comes: long enough for `get`, which is called now.
        remember(ref, texts ?? null, false);
        return get();
      });
    },
  };
}
