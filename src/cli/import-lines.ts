import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, Failure } from './api-client.ts';
import type { LineReason } from './crontab-file.ts';
import { EXIT } from './exit-code.ts';
import type { ImportLine } from './import-requests.ts';
import type { Terminal } from './terminal.ts';

export interface Imported {
  readonly created: number;
  /** Created by an earlier import: the node knew the key. */
  readonly existing: number;
  readonly refused: readonly LineReason[];
  readonly unknown: readonly LineReason[];
  /** Lines left when the import stopped. */
  readonly notTried: number;
  /** Why it stopped; null when it came to the end. */
  readonly stopped: Failure | null;
}

/** Enough to fill the node's fsyncs, few enough to leave it to others. */
const REQUESTS_AT_ONCE = 64;
const TRIES_MAX = 6;
const RETRY_AFTER_MS_MAX = 5_000;
const PROGRESS_EVERY_MS = 2_000;

/**
 * One request a line, in any order of completion. A line that is refused does not hold up the others; a node that is away, or does
 * not know us, ends it.
 */
export async function createAll(
  client: ApiClient,
  lines: readonly ImportLine[],
  terminal: Terminal,
): Promise<Imported> {
  const refused: LineReason[] = [];
  const unknown: LineReason[] = [];
  let created = 0;
  let existing = 0;
  let next = 0;
  let stopped: Failure | null = null;
  let notTried = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const line = stopped === null ? lines[next] : undefined;
      if (line === undefined) return;
      next += 1;
      const answer = await createOne(client, line);
      if (answer.ok && !answer.replayed) created += 1;
      else if (answer.ok) existing += 1;
      else if (answer.exit === EXIT.unknown) unknown.push({ line: line.line, reason: firstLine(answer.message) });
      else if (answer.exit === EXIT.refused && !answer.isAboutCaller) {
        refused.push({ line: line.line, reason: answer.message.replaceAll('\n', ' ') });
      } else {
        stopped ??= answer;
        notTried += 1;
      }
    }
  };
  const progress = setInterval(() => {
    terminal.err(`${created + existing + refused.length + unknown.length} of ${lines.length} lines`);
  }, PROGRESS_EVERY_MS);
  try {
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
  } finally {
    clearInterval(progress);
  }
  const inOrder = (one: LineReason, other: LineReason): number => one.line - other.line;
  unknown.sort(inOrder);
  return { created, existing, refused, unknown, notTried: notTried + lines.length - next, stopped };
}

/** The key makes repeating safe, so a busy node, an election and a lost answer are waited out. */
async function createOne(client: ApiClient, line: ImportLine) {
  for (let tries = 1; ; tries += 1) {
    const answer = await client.send({
      method: 'POST',
      path: '/v1/tasks',
      body: line.body,
      headers: { 'idempotency-key': line.key },
    });
    if (answer.ok || answer.retryAfterMs === null || tries === TRIES_MAX) return answer;
    await delay(Math.min(RETRY_AFTER_MS_MAX, Math.max(answer.retryAfterMs, FIRST_PAUSE_MS * 2 ** (tries - 1))));
  }
}

const FIRST_PAUSE_MS = 50;

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
