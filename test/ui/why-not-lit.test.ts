import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskId } from '../../src/tasks/task.ts';
import { TracedTasks } from '../../src/trace/traced-tasks.ts';
import type { Debugger } from '../../src/ui/debug/debugger.ts';
import { whyNothingIsLit } from '../../src/ui/debug/why-not-lit.ts';

const CORE = { source: 'sim', made: 'npm run sim -- --seed 16 --steps 1000' } as const;
const NODES = { source: 'sim', made: 'npm run sim -- --nodes --seed 3 --steps 1000' } as const;
const LIVE = { source: 'live', made: 'xcron 0.1.0' } as const;
const BEFORE = { folded: null, task: null };

const known = new TracedTasks();
known.tasks.set('1' as TaskId, {} as never);
known.older.add('7' as TaskId);
const at = (state: TracedTasks, task: string | null): Pick<Debugger, 'folded' | 'task'> => ({
  folded: { state } as never,
  task,
});

test('of the core alone, that it has none of it', () => {
  for (const machine of ['task', 'execution', 'attempt', 'node'])
    assert.match(whyNothingIsLit(machine, CORE, BEFORE) ?? '', /npm run sim -- --nodes --trace FILE$/);
  assert.deepEqual([whyNothingIsLit('raft-role', CORE, BEFORE), whyNothingIsLit('node', LIVE, BEFORE)], [null, null]);
});

test('of an attempt, that the simulator has none, and a node none that moved', () => {
  assert.match(whyNothingIsLit('attempt', NODES, at(known, null)) ?? '', /^The simulator sends nothing by itself/);
  assert.match(whyNothingIsLit('attempt', LIVE, at(known, null)) ?? '', /^No attempt moved in the 20,000 lines/);
  assert.match(whyNothingIsLit('attempt', LIVE, at(known, '1')) ?? '', /^No attempt of the chosen task moved/);
});

for (const [name, seen, why] of [
  ['before the first entry', BEFORE, /^No entry is committed up to here/],
  ['where no task is known', at(new TracedTasks(), null), /^No task is known up to here\./],
  ['at an entry of no task', at(known, null), /^This entry changes no task\. Choose a task/],
  ['of one that is older', at(known, '7'), /^The chosen task is older than this trace/],
  ['of one that is not there', at(known, '9'), /^The chosen task is not there at this entry/],
] as const) {
  test(`of a task, ${name}`, () => {
    for (const header of [NODES, LIVE]) assert.match(whyNothingIsLit('task', header, seen) ?? '', why);
  });
}
