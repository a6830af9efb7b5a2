import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateNodes } from '../../src/sim/nodes/simulate-nodes.ts';
import { FoldHistory } from '../../src/trace/fold-history.ts';
import type { StepLine } from '../../src/trace/format.ts';
import { readTrace } from '../../src/trace/read-trace.ts';
import { TraceBook } from '../../src/trace/trace-book.ts';
import { ALL, inWords, passes } from '../../src/trace/what-happened.ts';

const rows: string[] = [];
const report = await simulateNodes({ seed: 3, steps: 2_500, traceLine: (line) => rows.push(JSON.stringify(line)) });
const read = readTrace(`${rows.join('\n')}\n`);
assert.ok(read.header !== null && read.problem === null, read.problem ?? '');
const { header, lines } = read;
const BOUNDS = { linesMax: 1_000_000, entriesMax: 100_000 };

const book = (bounds = BOUNDS): TraceBook => {
  const made = new TraceBook(header, bounds);
  for (let at = 0; at < lines.length; at += 100) made.append(lines.slice(at, at + 100));
  return made;
};

test('every entry that was agreed on is there, in order, with what it says', () => {
  const { committed } = book();
  // The first entry, which founds the cluster, was there before the trace.
  assert.deepEqual(
    committed.map(({ index }) => index),
    Array.from({ length: committed.length }, (_, at) => at + 2),
  );
  assert.ok(committed.length + 1 >= Number(report.counts.entries), `${committed.length} of ${report.counts.entries}`);
  for (const { kind, data } of committed) assert.ok(kind !== 'events' || data !== undefined);
});

test('the projection at an entry is the same, whichever way one comes there', () => {
  const made = book();
  const forward = new FoldHistory(made);
  const back = new FoldHistory(made);
  const last = made.committed.length - 1;
  const shown = (history: FoldHistory, at: number) => {
    const { state, folded } = history.at(at) ?? assert.fail();
    assert.equal(folded.problem === null || made.committed[at]?.kind !== 'events', true, folded.problem ?? '');
    return JSON.stringify([[...state.tasks], [...state.runs], folded]);
  };
  const seen = made.committed.map((_, at) => shown(forward, at));
  for (let at = last; at >= 0; at -= 37) assert.equal(shown(back, at), seen[at], `entry ${at}`);
  const { state } = forward.at(last) ?? assert.fail();
  assert.ok(state.tasks.size > 5 && state.runs.size > 5);
  assert.deepEqual([...state.older], []);
});

test('how a node stood at a place is its last step up to there', () => {
  const made = book();
  for (const node of made.nodes) {
    for (const place of [0, 500, made.end - 1]) {
      const plain = lines.slice(0, place + 1).findLast((line) => line.what === 'step' && line.node === node);
      assert.equal(made.stepAt(node, place), plain ?? null);
    }
  }
  const roles = made.spansOf('n1').map(({ role }) => role);
  const steps = lines.filter((line): line is StepLine => line.what === 'step' && line.node === 'n1');
  assert.equal(
    roles.filter((role) => role === 'leader').length > 0,
    steps.some(({ role }) => role === 'leader'),
  );
});

test('bounded: old lines go, places stay what they were, and that is said', () => {
  const whole = book();
  const small = book({ linesMax: 400, entriesMax: 20 });
  assert.ok(small.end - small.first <= 500 && small.end === whole.end);
  assert.equal(small.dropped, small.first);
  assert.equal(small.line(small.end - 1), whole.line(whole.end - 1));
  for (const node of whole.nodes) assert.equal(small.stepAt(node, small.end - 1), whole.stepAt(node, whole.end - 1));
  assert.ok(small.committed.length <= 20);
});

test('every line can be said, and found by what it is about', () => {
  for (const line of lines) assert.ok(inWords(line).length > 0);
  const of = (change: Partial<typeof ALL>) => lines.filter((line) => passes(line, { ...ALL, ...change }));
  assert.equal(of({}).length, lines.length);
  assert.ok(of({ node: 'n2' }).every((line) => line.node === 'n2'));
  const votes = of({ kind: 'vote' });
  assert.ok(votes.length > 0 && votes.every((line) => /[←→] vote /.test(inWords(line))));
  const whole = book();
  const atEnd = new FoldHistory(whole).at(whole.committed.length - 1) ?? assert.fail();
  const made = atEnd.state.tasks.keys().next().value ?? assert.fail();
  const about = of({ task: made });
  assert.ok(about.length > 0 && about.length < lines.length / 2);
});

test('a file that says anything, is opened in no more time than its lines take, and nothing throws', () => {
  const opened = new TraceBook(header, { linesMax: 1_000_000, entriesMax: 1_000_000 });
  const step = { ...lines.find((line): line is StepLine => line.what === 'step'), got: [], sent: [], wrote: [] };
  const events = [null, [], [{}], [null], 'x', [{ type: 'TaskCreated', taskId: '1', definition: {}, nextAtMs: 0 }]];
  const wrote = [...events, [{ type: 'ExecutionsWithdrawn', taskId: '1', runs: null }]].map((said, at) => ({
    index: 1_000 + at,
    term: 1,
    kind: 'events' as const,
    data: JSON.stringify({ v: 1, atMs: 5, pairs: at === 0 ? [null] : [{ requires: [], events: said, by: 'x' }] }),
  }));
  opened.append([{ ...step, wrote, commit: 0 } as StepLine, { ...step, commit: 2_000 } as StepLine]);
  const far = Array.from({ length: 2_000 }, (_, at): StepLine => ({ ...step, commit: at * 1e12 }) as StepLine);
  opened.append(far);
  assert.equal(opened.committed.length, wrote.length);
  const history = new FoldHistory(opened);
  const problems = opened.committed.map((_, at) => history.at(at)?.folded.problem);
  assert.equal(problems.filter((problem) => problem?.includes('damaged')).length, 5, problems.join('; '));
  for (const type of ['__proto__', 'constructor', 'toString'])
    assert.equal(inWords({ ...step, also: [{ type }] } as StepLine), inWords(step as StepLine));
});
