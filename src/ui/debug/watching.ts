import type { TraceHeader, TraceLine } from '../../trace/format.ts';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

/** Looks at the traces of all members through the node that the page came from, again and again, from where the last look ended. */
export interface Looked {
  readonly header: TraceHeader;
  readonly lines: readonly TraceLine[];
}

export interface WatchEvents {
  looked(looked: Looked): void;
  /** Null: it answers again. */
  trouble(problem: Problem | null): void;
}

interface Answer {
  readonly header: TraceHeader;
  readonly cursor: string;
  readonly nodes: readonly {
    readonly node_id: string;
    readonly answered: boolean;
    readonly skipped: number;
    readonly restarted: boolean;
  }[];
  readonly items: readonly TraceLine[];
}

/** Between two looks. A page in the background does not look at all: its lease runs out, and nothing is traced for it. */
const LOOK_EVERY_MS = 250;
const LOOK_AGAIN_MS = 1_000;

export interface Watch {
  stop(): void;
}

export function watchTraces(client: Client, events: WatchEvents, isHidden: () => boolean): Watch {
  let cursor: string | null = null;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let hadTrouble = false;
  const away = new Set<string>();
  let lines = 0;

  /** What the page saw, and no node said: told as lines of their own, so that a saved trace has them too. */
  function seen({ nodes }: Answer, atMs: number): TraceLine[] {
    const notes: TraceLine[] = [];
    const note = (node: string, kind: string): void => {
      lines += 1;
      notes.push({ what: 'note', line: lines, atMs, node, kind });
    };
    for (const { node_id: node, answered, skipped, restarted } of nodes) {
      if (!answered && !away.has(node)) note(node, 'does not answer');
      if (answered && away.has(node)) note(node, 'answers again');
      if (answered) away.delete(node);
      else away.add(node);
      if (restarted) note(node, 'was started again');
      if (skipped > 0) notes.push({ what: 'gap', atMs, node, lines: skipped });
    }
    return notes;
  }

  async function look(): Promise<void> {
    timer = null;
    if (isHidden()) return again(LOOK_AGAIN_MS);
    const told = await client.get<Answer>('v1/debug/trace', { after: cursor });
    if (stopped) return;
    if (!told.ok) {
      hadTrouble = true;
      events.trouble(told.problem);
      return again(LOOK_AGAIN_MS);
    }
    if (hadTrouble) events.trouble(null);
    hadTrouble = false;
    const { header, items } = told.value;
    cursor = told.value.cursor;
    const atMs = items.at(-1)?.atMs ?? Date.now();
    events.looked({ header, lines: [...items, ...seen(told.value, atMs)] });
    again(LOOK_EVERY_MS);
  }

  function again(inMs: number): void {
    if (!stopped) timer = setTimeout(() => void look(), inMs);
  }

  void look();
  return {
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
