import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TraceHeader, TraceLine } from '../../src/trace/format.ts';
import { isAwayAt, outagesOf } from '../../src/trace/outages.ts';
import { readTrace, writeTrace } from '../../src/trace/read-trace.ts';
import { TraceBook } from '../../src/trace/trace-book.ts';
import type { Client, Told } from '../../src/ui/api/client.ts';
import { unreachable } from '../../src/ui/api/problem.ts';
import { type Looked, watchTraces } from '../../src/ui/debug/watching.ts';

const header: TraceHeader = {
  format: 'xcron-trace',
  version: 1,
  source: 'live',
  clusterId: 'home',
  nodes: ['n1', 'n2'],
  made: 'by hand',
};
const note = (node: string, atMs: number): TraceLine => ({ what: 'note', line: atMs, atMs, node, kind: 'seen' });

interface Node {
  readonly answered?: boolean;
  readonly skipped?: number;
  readonly restarted?: boolean;
}

const answer = (atMs: number, n1: Node = {}, n2: Node = {}): Told<unknown> => {
  const nodes = Object.entries({ n1, n2 }).map(([node_id, { answered = true, skipped = 0, restarted = false }]) => ({
    node_id,
    answered,
    skipped,
    restarted,
  }));
  return { ok: true, value: { header, cursor: '', nodes, items: [note('n1', atMs)] } };
};
const NO_ANSWER: Told<unknown> = { ok: false, problem: unreachable() };

/** What is seen when a page's questions are answered so, one after the other. */
async function watched({ mock }: TestContext, answers: readonly Told<unknown>[]): Promise<readonly Looked[]> {
  const looks: Looked[] = [];
  const left = [...answers];
  mock.timers.enable({ apis: ['setTimeout'] });
  await new Promise<void>((resolve) => {
    const get = async (): Promise<unknown> => {
      const next = left.shift();
      if (next !== undefined) {
        setImmediate(() => mock.timers.runAll());
        return next;
      }
      watch.stop();
      resolve();
      return NO_ANSWER;
    };
    const watch = watchTraces(
      { get } as Pick<Client, 'get'> as Client,
      { looked: (looked) => void looks.push(looked), trouble() {} },
      () => false,
    );
  });
  return looks;
}

const bookOf = (looks: readonly Looked[]): TraceBook => {
  const book = new TraceBook(header, { linesMax: 100, entriesMax: 100 });
  for (const { lines } of looks) book.append(lines);
  return book;
};
const outages = (book: TraceBook, node: string) =>
  outagesOf(book, node).map(({ kind, fromMs, toMs }) => [kind, fromMs, toMs]);

test('of a node that was down while its page watched, it is said that nobody knows what happened', async (t) => {
  const looks = await watched(t, [
    answer(1),
    NO_ANSWER,
    NO_ANSWER,
    answer(9, { restarted: true, skipped: 3 }, { skipped: 40 }),
  ]);
  const book = bookOf(looks);
  assert.deepEqual([[...book.unseen.nodes], book.unseen.lines, book.skipped], [['n1', 'n2'], 43, 0]);
  assert.deepEqual(outages(book, 'n1'), [['does not answer', 1, 9]]);
  assert.deepEqual(outages(book, 'n2'), [['is not seen', 1, 9]], 'it is asked through the other');
  const [outage] = outagesOf(book, 'n1');
  assert.ok(outage !== undefined && isAwayAt(outage, outage.from) && !isAwayAt(outage, outage.to ?? 0));
  assert.ok(book.line((outage.to ?? 0) + 1)?.what !== 'step', 'it is said before the first line that was heard again');
});

test('a saved trace tells the same: what nobody saw is no sample', async (t) => {
  const looks = await watched(t, [answer(1), NO_ANSWER, answer(9, { skipped: 3 }, { skipped: 40 })]);
  const read = readTrace(
    writeTrace(
      header,
      looks.flatMap((looked) => looked.lines),
    ),
  );
  assert.ok(read.header !== null && read.problem === null);
  const book = bookOf([read]);
  assert.deepEqual([[...book.unseen.nodes], book.unseen.lines, book.skipped], [['n1', 'n2'], 43, 0]);
});

test('of a member that is asked through the page’s node, nothing is lost where its lines came later', async (t) => {
  const looks = await watched(t, [answer(1), NO_ANSWER, answer(9)]);
  const book = bookOf(looks);
  assert.deepEqual([[...book.unseen.nodes], book.unseen.lines], [['n1'], 0]);
  assert.deepEqual(outages(book, 'n2'), [['is not seen', 1, 9]]);
});

test('a member that is away is so until it answers again; what is passed over otherwise is a sample', async (t) => {
  const looks = await watched(t, [answer(1), answer(2, {}, { answered: false }), answer(3, { skipped: 5 })]);
  assert.deepEqual(outages(bookOf(looks.slice(0, 2)), 'n2'), [['does not answer', 2, null]]);
  const book = bookOf(looks);
  assert.deepEqual(outages(book, 'n2'), [['does not answer', 2, 3]]);
  assert.deepEqual([book.unseen.lines, book.skipped], [0, 5]);
});
