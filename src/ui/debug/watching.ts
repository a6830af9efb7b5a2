import type { TraceHeader, TraceLine } from '../../trace/format.ts';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

/** Looks at the traces of all members through the node that the page came from, again and again, from where the last look ended. */
export interface Looked {
  readonly header: TraceHeader;
  readonly lines: readonly TraceLine[];
  /** Nodes of which it is not known what happened before this look, as nobody could ask them; and the lines that came and went then. */
  readonly unseen: { readonly nodes: readonly string[]; readonly lines: number };
}

const ALL_SEEN = { nodes: [], lines: 0 } as const;

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
  /** The node that the page came from: it asks the others. */
  let own: string | null = null;
  let lastHeader: TraceHeader | null = null;
  let lastMs = 0;

  const note = (node: string, atMs: number, kind: string): TraceLine => {
    lines += 1;
    return { what: 'note', line: lines, atMs, node, kind };
  };

  /** What the page saw, and no node said: told as lines of their own, so that a saved trace has them too. */
  function seen({ nodes }: Answer, atMs: number): TraceLine[] {
    const notes: TraceLine[] = [];
    for (const { node_id: node, answered, skipped, restarted } of nodes) {
      if (!answered && !away.has(node)) notes.push(note(node, atMs, 'does not answer'));
      if (answered && away.has(node)) notes.push(note(node, atMs, 'answers again'));
      if (answered) away.delete(node);
      else away.add(node);
      if (restarted) notes.push(note(node, atMs, 'was started again'));
      if (skipped > 0) notes.push({ what: 'gap', atMs, node, lines: skipped });
    }
    return notes;
  }

  /** Of a node that could not ask, or be asked, nobody knows what it did, and what it lost of that is no sample. */
  function unseen({ nodes }: Answer): Looked['unseen'] {
    const wasOut = own !== null && away.has(own);
    const lost = nodes.filter(({ node_id, skipped }) => skipped > 0 && (wasOut || away.has(node_id)));
    const ids = new Set([...(wasOut && own !== null ? [own] : []), ...lost.map(({ node_id }) => node_id)]);
    return { nodes: [...ids], lines: lost.reduce((sum, { skipped }) => sum + skipped, 0) };
  }

  /** From the last that was heard on: when it ended after that, nobody saw. */
  function ownIsOut(): void {
    if (own === null || lastHeader === null || away.has(own)) return;
    away.add(own);
    events.looked({ header: lastHeader, lines: [note(own, lastMs, 'does not answer')], unseen: ALL_SEEN });
  }

  async function look(): Promise<void> {
    timer = null;
    if (isHidden()) return again(LOOK_AGAIN_MS);
    const told = await client.get<Answer>('v1/debug/trace', { after: cursor });
    if (stopped) return;
    if (!told.ok) {
      hadTrouble = true;
      if (told.problem.kind === 'unreachable') ownIsOut();
      events.trouble(told.problem);
      return again(LOOK_AGAIN_MS);
    }
    if (hadTrouble) events.trouble(null);
    hadTrouble = false;
    const { header, items } = told.value;
    cursor = told.value.cursor;
    const atMs = items.at(-1)?.atMs ?? Date.now();
    const missed = unseen(told.value);
    events.looked({ header, lines: [...items, ...seen(told.value, atMs)], unseen: missed });
    // It stands first among those that it asked.
    own = told.value.nodes[0]?.node_id ?? null;
    lastHeader = header;
    lastMs = atMs;
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
