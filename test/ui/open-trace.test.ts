import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepLine, TraceHeader } from '../../src/trace/format.ts';
import { writeTrace } from '../../src/trace/read-trace.ts';
import { Debugger } from '../../src/ui/debug/debugger.ts';
import { leadsAway, whatIsLeft } from '../../src/ui/debug/leaving.ts';
import type { Looked } from '../../src/ui/debug/watching.ts';

const HEADER: TraceHeader = {
  format: 'xcron-trace',
  version: 1,
  source: 'live',
  clusterId: 'home',
  nodes: ['n1'],
  made: 'by hand',
};
const looked = (lines: Looked['lines']): Looked => ({ header: HEADER, lines });
const step = (node: string, atMs: number, more: Partial<StepLine> = {}): StepLine => ({
  what: 'step',
  line: atMs,
  atMs,
  node,
  role: 'follower',
  term: 1,
  vote: null,
  leader: null,
  last: 1,
  commit: 1,
  applied: 1,
  ...more,
});
const file = (name: string, header: Partial<TraceHeader>, lines: readonly StepLine[]) => ({
  name,
  text: writeTrace({ ...HEADER, ...header }, lines),
});

test('files of one cluster are put together by time; one of another cluster is left out, and that is said', () => {
  const debug = new Debugger(() => {});
  debug.openFiles([
    file('one', {}, [step('n1', 1), step('n1', 3)]),
    file('two', { nodes: ['n2'] }, [step('n2', 2, { role: 'leader' })]),
    file('three', { clusterId: 'away' }, [step('n9', 1)]),
  ]);
  assert.deepEqual(debug.book?.nodes, ['n1', 'n2']);
  assert.deepEqual(
    [0, 1, 2].map((place) => debug.book?.line(place)?.atMs),
    [1, 2, 3],
  );
  assert.equal(debug.problem?.detail, 'three: it is of cluster away, and the first of home: left out.');
  assert.equal(debug.node, 'n2', 'the leader is shown where nobody chose');
});

test('what cannot be opened leaves what is open as it was', () => {
  const debug = new Debugger(() => {});
  debug.openFiles([file('one', {}, [step('n1', 1)])]);
  debug.openFiles([{ name: 'photo', text: 'JFIF' }]);
  assert.equal(debug.name, 'one');
  assert.equal(debug.problem?.title, 'Not opened: photo');
  assert.match(debug.problem?.detail ?? '', /^This is no trace of xcron.* What is shown is still one\.$/);
});

test('live, it follows until somebody looks at a line, and follows again when it is told to', () => {
  const debug = new Debugger(() => {});
  debug.watch();
  debug.looked(looked([step('n1', 1), step('n1', 2)]));
  assert.equal(debug.place, 1);
  debug.goTo(0);
  debug.looked(looked([step('n1', 3)]));
  assert.deepEqual([debug.place, debug.follows], [0, false]);
  debug.follow();
  assert.equal(debug.place, 2);
});

test('the machines of a line’s node are shown once it is chosen, whatever lane was, until one goes elsewhere', () => {
  const debug = new Debugger(() => {});
  const lines = [step('n1', 1, { role: 'leader' }), step('n2', 2), step('n3', 3)];
  debug.openFiles([file('three', { nodes: ['n1', 'n2', 'n3'] }, lines)]);
  debug.set({ chosenNode: 'n3' });
  debug.goToLine(1);
  assert.equal(debug.node, 'n2');
  debug.goTo(0);
  assert.equal(debug.node, 'n3', 'the lane that was chosen');
  debug.goToLine(1);
  debug.set({ chosenNode: null });
  assert.equal(debug.node, 'n1', 'nobody chose: the leader');
  debug.goToLine(2);
  debug.follow();
  assert.equal(debug.node, 'n1');
});

test('a look that brings too much is thinned: changes of role stay, and what is left out is counted', () => {
  const debug = new Debugger(() => {});
  debug.watch();
  const lines = Array.from({ length: 20_000 }, (_, at) => step('n1', at));
  const before = { self: 'n1/a', role: 'follower', term: 1, vote: null, leader: null } as const;
  lines[7_777] = step('n1', 7_777, { role: 'preCandidate', before, moves: [{ type: 'ELECTION_DUE' }] });
  debug.looked(looked(lines));
  const { book } = debug;
  assert.ok(book !== null && book.end < 5_000);
  assert.ok(book.spansOf('n1').some(({ role }) => role === 'preCandidate'));
  assert.equal(book.skipped + book.end - 1, 20_000);
});

test('a file that no page can hold is not read, and that is said', () => {
  const debug = new Debugger(() => {});
  debug.openFiles([{ name: 'huge', text: null }]);
  assert.equal(debug.book, null);
  assert.match(debug.problem?.detail ?? '', /larger than 256 MiB/);
});

test('what was watched and not saved is not given up without a word; a file can be opened again', () => {
  const debug = new Debugger(() => {});
  assert.equal(whatIsLeft(debug), null);
  debug.watch();
  assert.equal(whatIsLeft(debug), null, 'nothing was seen yet');
  debug.looked(looked([step('n1', 1), step('n1', 2)]));
  assert.match(whatIsLeft(debug)?.says ?? '', /^2 lines are in this page/);
  debug.saved();
  assert.equal(whatIsLeft(debug), null);
  debug.looked(looked([step('n1', 3)]));
  assert.equal(debug.unsavedLines, 1);
  debug.openFiles([file('one', {}, [step('n1', 1)])]);
  assert.deepEqual([debug.unsavedLines, whatIsLeft(debug)?.title], [0, 'one is closed']);
});

test('a click that opens another page in the place of this one leads away', () => {
  const plain = { button: 0, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false };
  const tasks = { href: 'http://n1/#/tasks', target: '', download: '' };
  const here = 'http://n1/debug#x';
  assert.equal(leadsAway(plain, tasks, here), true);
  const elsewhere = [
    { ...plain, ctrlKey: true },
    { ...plain, metaKey: true },
    { ...plain, button: 1 },
  ];
  for (const click of elsewhere) assert.equal(leadsAway(click, tasks, here), false);
  for (const link of [{ href: 'http://n1/debug#y' }, { target: '_blank' }, { download: 'trace' }])
    assert.equal(leadsAway(plain, { ...tasks, ...link }, here), false);
});
