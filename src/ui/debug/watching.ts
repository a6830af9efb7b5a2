import type { TraceHeader, TraceLine } from '../../trace/format.ts';
import type { Client } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

/** Looks at the traces of all members through the node that the page came from, again and again, from where the last look ended. */
export interface Looked {
  readonly header: TraceHeader;
  readonly lines: readonly TraceLine[];
}

/** How it is said that a node is there again. */
const BACK = { 'does not answer': 'answers again', 'is not seen': 'is seen again' } as const;

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
  const away = new Map<string, keyof typeof BACK>();
  let lines = 0;
  /** The node that the page came from: it asks the others. */
  let own: string | null = null;
  let members: readonly string[] = [];
  let lastHeader: TraceHeader | null = null;
  let lastMs = 0;

  const note = (node: string, atMs: number, kind: string): TraceLine => {
    lines += 1;
    return { what: 'note', line: lines, atMs, node, kind };
  };

  /** Where the first line of a node stands: what the page saw of it comes before that. Lines of their own, so that a saved trace has them too. */
  function told({ nodes, items }: Answer, atMs: number): readonly TraceLine[] {
    const wasOut = own !== null && away.has(own);
    const heads = new Map<string | undefined, TraceLine[]>();
    const last: TraceLine[] = [];
    for (const { node_id: node, answered, skipped, restarted } of nodes) {
      const said = away.get(node);
      if (!answered) {
        if (said === undefined) last.push(note(node, atMs, 'does not answer'));
        away.set(node, 'does not answer');
        continue;
      }
      const firstMs = items.find((item) => item.node === node)?.atMs ?? atMs;
      const head: TraceLine[] = [];
      if (said !== undefined) head.push(note(node, firstMs, BACK[said]));
      if (restarted) head.push(note(node, firstMs, 'was started again'));
      // Of a node that could not ask, or be asked, nobody knows what it did: what is lost of that is no sample.
      if (wasOut ? skipped > 0 || node === own : said !== undefined && skipped > 0)
        head.push({ what: 'gap', atMs: firstMs, node, lines: skipped, why: 'unseen' });
      else if (skipped > 0) head.push({ what: 'gap', atMs: firstMs, node, lines: skipped });
      away.delete(node);
      heads.set(node, head);
    }
    const lines: TraceLine[] = [];
    for (const item of items) {
      lines.push(...(heads.get(item.node) ?? []), item);
      heads.delete(item.node);
    }
    return [...lines, ...[...heads.values()].flat(), ...last];
  }

  /** From the last that was heard on: when it ended after that, nobody saw; nor what the others did, which it asked. */
  function ownIsOut(): void {
    if (own === null || lastHeader === null || away.has(own)) return;
    const notes: TraceLine[] = [];
    for (const node of members) {
      if (away.has(node)) continue;
      const said = node === own ? 'does not answer' : 'is not seen';
      away.set(node, said);
      notes.push(note(node, lastMs, said));
    }
    events.looked({ header: lastHeader, lines: notes });
  }

  async function look(): Promise<void> {
    timer = null;
    if (isHidden()) return again(LOOK_AGAIN_MS);
    const answer = await client.get<Answer>('v1/debug/trace', { after: cursor });
    if (stopped) return;
    if (!answer.ok) {
      hadTrouble = true;
      if (answer.problem.kind === 'unreachable') ownIsOut();
      events.trouble(answer.problem);
      return again(LOOK_AGAIN_MS);
    }
    if (hadTrouble) events.trouble(null);
    hadTrouble = false;
    const { header, items } = answer.value;
    cursor = answer.value.cursor;
    const atMs = items.at(-1)?.atMs ?? Date.now();
    events.looked({ header, lines: told(answer.value, atMs) });
    // It stands first among those that it asked.
    members = answer.value.nodes.map(({ node_id }) => node_id);
    own = members[0] ?? null;
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
