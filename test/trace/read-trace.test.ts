import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/sim/simulate.ts';
import type { StepLine, TraceHeader } from '../../src/trace/format.ts';
import { readTrace, writeTrace } from '../../src/trace/read-trace.ts';
import { agrees, replayRole } from '../../src/trace/role-replay.ts';

const rows: object[] = [];
const { traceHash } = simulate({ seed: 16, steps: 1_500, traceLine: (line) => rows.push(line) });
const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const rowsOf = (count: number): string =>
  rows
    .slice(0, count)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
const whole = readTrace(text);
assert.ok(whole.header !== null);
const { header, lines } = whole;

test('a trace of the simulator is whole, and being written changes nothing of the run', () => {
  assert.equal(whole.problem, null);
  assert.equal(header.made, 'npm run sim -- --seed 16 --steps 1500');
  assert.equal(header.nodes.length >= 3, true);
  assert.equal(simulate({ seed: 16, steps: 1_500 }).traceHash, traceHash);
});

test('what is saved opens as it was', () => assert.deepEqual(readTrace(writeTrace(header, lines)), whole));

test('the role machine, run over what it was sent, ends where the node stood', () => {
  const steps = lines.filter((line): line is StepLine => line.what === 'step');
  const moved = steps.filter(({ moves }) => moves !== undefined);
  assert.ok(moved.length > 50);
  for (const line of moved) assert.ok(agrees(line), JSON.stringify(line));
  const led = moved.flatMap(replayRole).find(({ to, from }) => to.role === 'leader' && from.role === 'candidate');
  assert.deepEqual([led?.event.type, led?.refused], ['VOTES_WON', null]);
});

test('each entry is written once with what it says', () => {
  const said = lines.flatMap((line) => (line.what === 'step' ? (line.wrote ?? []) : []));
  const placed = said.filter(({ data }) => data !== undefined).map(({ index, term }) => `${index}/${term}`);
  assert.ok(placed.length > 0 && said.length > placed.length);
  assert.equal(new Set(placed).size, placed.length);
});

const cases: readonly (readonly [name: string, file: string, problem: RegExp, shown: number | null])[] = [
  ['nothing', '', /^The file is empty\.$/, null],
  ['blanks', '\uFEFF\n \n', /^The file is empty\.$/, null],
  ['another file', '{"format":"har","version":1}\n', /^This is no trace of xcron/, null],
  ['not even JSON', 'GIF89a', /^This is no trace of xcron/, null],
  ['cut in a line', rowsOf(11).slice(0, -20), /^The file is cut: line 11 does not end\. The 9 lines before/, 9],
  [
    'with a line of something else',
    `${rowsOf(3)}%PNG\n${rowsOf(11)}`,
    /^Line 4 is no line of a trace: not JSON\. The 2 lines before it are shown\.$/,
    2,
  ],
  ['cut between lines', rowsOf(11), /^The file is cut: its last line is missing\. 10 lines are shown\.$/, 10],
  ['cut in the first line', text.slice(0, 40), /^The file is cut: its first line/, null],
  ['cut in its first word', text.slice(0, 9), /^The file is cut: its first line/, null],
  [
    'of a newer version',
    writeTrace({ ...header, version: 2 }, lines.slice(0, 5)),
    /^This trace has format version 2; this xcron reads up to 1\. What it knows of it is shown: 5 lines\.$/,
    5,
  ],
  [
    'of a newer version that looks different',
    '{"format":"xcron-trace","version":9,"cluster":"x"}\n',
    /version 9; this xcron reads up to 1\. Nothing of it can be read: open it with the xcron that wrote it\.$/,
    null,
  ],
  ['without a cluster', '{"format":"xcron-trace","version":1}\n', /does not say which cluster/, null],
  ['of no version', '{"format":"xcron-trace","version":"one"}\n', /says version "one", which is none/, null],
  [
    'with a line of another kind',
    `${rowsOf(3)}{"what":"weather"}\n{"what":"end","lines":2}\n`,
    /left out: 1 of "weather"\.$/,
    2,
  ],
  [
    'with a line that is wrong',
    `${rowsOf(3)}{"what":"step","line":3,"atMs":1,"role":"king"}\n`,
    /^Line 4 is no line of a trace: "role" of a step is "king"\. The 2 lines before it are shown\.$/,
    2,
  ],
  ['with lines missing', `${rowsOf(3)}{"what":"end","lines":7}\n`, /says that it has 7 lines, and has 2/, 2],
  ['with lines behind its end', `${text}{"what":"end","lines":0}\n`, /stands behind the end/, lines.length],
];

for (const [name, file, problem, shown] of cases) {
  test(`a file: ${name}`, () => {
    const read = readTrace(file);
    assert.match(read.problem ?? '', problem);
    assert.equal(read.header === null ? null : read.lines.length, shown);
  });
}

test('strict in every field that the page reads, and open to more of them', () => {
  const line = lines.find(({ what }) => what === 'step') as StepLine;
  const of = (changed: object): string | null =>
    readTrace(
      `${JSON.stringify(header satisfies TraceHeader)}\n${JSON.stringify({ ...line, ...changed })}\n{"what":"end","lines":1}\n`,
    ).problem;
  assert.equal(of({ more: 1 }), null);
  const wrong = {
    term: -1,
    atMs: 'now',
    vote: 3,
    moves: [{}],
    got: [{ kind: 'append' }],
    wrote: [{ index: 1 }],
    peers: { n2: {} },
  };
  for (const [name, value] of Object.entries(wrong))
    assert.match(of({ [name]: value }) ?? 'none', new RegExp(`"${name}" of a step`));
});
