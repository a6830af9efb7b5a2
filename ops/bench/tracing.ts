import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRACE_WATCH_MS_MAX } from '../../src/node/limits.ts';
import { load, median, type Running, startNode } from './measuring.ts';

/**
 * What a trace costs createTask: off, on, on, off on one node, so that both meet the same disk and the same compiled code, and what grows
 * with the state falls on both alike. Kept, and looked at as the debugger's page does.
 */
const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 64;
const COST_MAX = 0.05;
/** As often as the page looks. */
const LOOK_EVERY_MS = 250;

type Kind = 'off' | 'kept' | 'watched';

async function turnTrace(node: Running, on: boolean): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${node.port}/v1/cluster/trace`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ on }),
  });
  if (!answer.ok) throw new Error(`the trace was not turned ${on ? 'on' : 'off'}: ${await answer.text()}`);
}

/** Resolves to how many lines were seen. */
async function look(node: Running, until: AbortSignal): Promise<number> {
  let cursor = '';
  let lines = 0;
  while (!until.aborted) {
    const page = await fetch(`http://127.0.0.1:${node.port}/v1/debug/trace?after=${encodeURIComponent(cursor)}`);
    const seen = (await page.json()) as { readonly cursor: string; readonly items: readonly unknown[] };
    cursor = seen.cursor;
    lines += seen.items.length;
    await new Promise((rested) => setTimeout(rested, LOOK_EVERY_MS));
  }
  return lines;
}

async function reached(node: Running, kind: Kind): Promise<{ readonly perSecond: number; readonly seen: number }> {
  await turnTrace(node, kind !== 'off');
  const looking = new AbortController();
  const looked = kind === 'watched' ? look(node, looking.signal) : Promise.resolve(0);
  const { perSecond, errors } = await load(node.port, CONNECTIONS, SECONDS);
  looking.abort();
  const seen = await looked;
  // A trace is kept for a while after it was last looked at.
  if (kind === 'watched') await new Promise((over) => setTimeout(over, TRACE_WATCH_MS_MAX));
  if (errors > 0) throw new Error(`${errors} creations failed`);
  return { perSecond, seen };
}

export async function benchTracing(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-'));
  const node = await startNode(directory);
  await load(node.port, CONNECTIONS, SECONDS);
  for (const kind of ['kept', 'watched'] as const) {
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const [before, first, second, after] = [
        await reached(node, 'off'),
        await reached(node, kind),
        await reached(node, kind),
        await reached(node, 'off'),
      ];
      const ratio = (first.perSecond + second.perSecond) / (before.perSecond + after.perSecond);
      ratios.push(ratio);
      const seen = kind === 'watched' ? `, ${first.seen + second.seen} lines seen` : '';
      console.log(
        `trace ${kind}, createTask at ${CONNECTIONS} connections, round ${round}: off ${before.perSecond}/s, on ${first.perSecond}/s, on ${second.perSecond}/s, off ${after.perSecond}/s: ${ratio.toFixed(3)}${seen}`,
      );
    }
    const cost = (100 * (1 - median(ratios))).toFixed(1);
    console.log(`trace ${kind}: costs ${cost} % of createTask (goal < ${100 * COST_MAX} %)`);
  }
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
}
