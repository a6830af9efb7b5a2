import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { Applying } from '../../src/node/applying.ts';
import { APPLY_AHEAD_REFS_MAX } from '../../src/node/limits.ts';
import { ProposalQueue } from '../../src/node/proposal-queue.ts';
import type { RaftCore } from '../../src/raft/core.ts';
import type { Entry } from '../../src/raft/types.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { createMemoryDisk, type MemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import type { Projection } from '../../src/store/projection.ts';
import { encodeEntry } from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import type { EntityRef } from '../../src/tasks/needs.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { answered, Scenario } from '../tasks/scenario.ts';

/** What a member replays: a log on disk, of which it has nothing in memory, on a state of which it has nothing in memory either. */
interface Replay {
  readonly loads: EntityRef[][];
  readonly projection: Projection;
  readonly applying: Applying;
  /** So much is committed: applies until it has to wait, and resolves when what it waits for is there. */
  begin(index: number): Promise<void>;
  /** Applies up to there, and resolves when that is done. */
  through(index: number): Promise<void>;
}

interface ReplayOptions {
  readonly disk?: MemoryDisk;
  readonly loaded?: (projection: Projection) => Promise<void>;
}

function replayOf(entries: readonly Entry[], { disk = createMemoryDisk(), loaded }: ReplayOptions = {}): Replay {
  const projection = openMemoryProjection({ disk, forgetful: true });
  const loads: EntityRef[][] = [];
  const counting: Projection = Object.create(projection, {
    load: {
      value: async (refs: readonly EntityRef[]) => {
        loads.push([...refs]);
        await projection.load(refs);
        await loaded?.(projection);
      },
    },
  });
  const core = {
    appliedIndex: projection.appliedIndex,
    committedTold: projection.appliedIndex,
    log: { recent: [], lastIndex: entries.length },
    leading: null,
  };
  const log = {
    read: (from: number, bytesMax: number) => {
      const page: Entry[] = [];
      for (let bytes = 0; bytes < bytesMax && entries[from - 1 + page.length] !== undefined; ) {
        const entry = entries[from - 1 + page.length] as Entry;
        bytes += entry.data.length;
        page.push(entry);
      }
      return page;
    },
  };
  let stepped = Promise.withResolvers<void>();
  const applying = new Applying({
    core: core as unknown as RaftCore,
    log: log as unknown as LogStore,
    projection: counting,
    proposals: new ProposalQueue(),
    clock: systemClock,
    applied: () => {},
    folded: () => {},
    termStarted: () => {},
    goOn: () => stepped.resolve(),
    failed: (error) => stepped.reject(error),
  });
  async function begin(index: number): Promise<void> {
    core.committedTold = index;
    stepped = Promise.withResolvers<void>();
    applying.apply();
    while (applying.isWaiting) {
      await stepped.promise;
      stepped = Promise.withResolvers<void>();
    }
  }
  return {
    loads,
    projection,
    applying,
    begin,
    async through(index) {
      do await begin(index);
      while (applying.isBehind);
    },
  };
}

/** So many tasks, and then what was sent for each, one decision an entry. */
function historyOf(tasks: number): { readonly entries: readonly Entry[]; readonly created: number } {
  const scenario = new Scenario();
  const ids: TaskId[] = [];
  for (let made = 0; made < tasks; made += 1) {
    scenario.create({ schedule: '* * * * * *' });
    ids.push(scenario.taskId);
  }
  const created = scenario.entries.length;
  scenario.after(1_000);
  for (const taskId of ids) {
    scenario.taskId = taskId;
    scenario.claim();
    scenario.outcome(scenario.task.runCount, answered(200));
  }
  return { entries: asLog(scenario), created };
}

const asLog = (scenario: Scenario): readonly Entry[] =>
  scenario.entries.map((content, at) => ({ index: at + 1, term: 1, kind: 'events', data: encodeEntry(content) }));

async function hashOf(entries: readonly Entry[]): Promise<string> {
  const { projection, through } = replayOf(entries);
  await through(entries.length);
  return (await projection.stateHash()).hash;
}

/** A state on disk as of this entry. */
async function diskAt(entries: readonly Entry[], index: number): Promise<MemoryDisk> {
  const disk = createMemoryDisk();
  const { projection, through } = replayOf(entries, { disk });
  await through(index);
  await projection.flush();
  return disk;
}

test('many entries of tasks that are not in memory ask the worker once, and no more at once than the cache holds', async () => {
  const tasks = 600;
  const { entries, created } = historyOf(tasks);
  const { loads, projection, through } = replayOf(entries, { disk: await diskAt(entries, created) });
  await through(entries.length);
  const loadsMax = (entries.length - created) / 64;
  assert.ok(loads.length <= loadsMax, `${loads.length} loads for ${entries.length - created} entries`);
  assert.ok(loads.every((refs) => refs.length <= APPLY_AHEAD_REFS_MAX + 2));
  assert.equal((await projection.stateHash()).hash, await hashOf(entries));
});

test('what earlier entries make of what later ones need is what these find', async () => {
  const scenario = new Scenario().create({ schedule: '* * * * * *' });
  const onDisk = scenario.entries.length;
  scenario.after(1_000).claim();
  const first = scenario.taskId;
  // Made, changed, fired and removed behind the entry that waits.
  scenario.create({ schedule: '* * * * * *' }).after(1_000);
  scenario.claim();
  scenario.when({ type: 'PauseTask', version: null });
  scenario.outcome(1, answered(200));
  scenario.when({ type: 'ResumeTask', version: null });
  scenario.after(2_000).claim();
  scenario.when({ type: 'CancelTask', version: null });
  scenario.taskId = first;
  scenario.claim();
  scenario.when({ type: 'CancelTask', version: null });
  const entries = asLog(scenario);
  const disk = await diskAt(entries, onDisk);
  const { loads, projection, through } = replayOf(entries, { disk });
  await through(entries.length);
  assert.equal((await projection.stateHash()).hash, await hashOf(entries));
  assert.ok(loads.length <= 2, `${loads.length} loads for ${entries.length - onDisk} entries`);
});

test('a memory that holds nothing of what was loaded ahead costs a load an entry, and not one of all that is ahead', async () => {
  const { entries, created } = historyOf(100);
  let isForgetting = false;
  const { loads, projection, through } = replayOf(entries, {
    disk: await diskAt(entries, created),
    loaded: async (projection) => {
      if (isForgetting || loads.length === 0) return;
      isForgetting = true;
      // Everything is forgotten, and the entry that waits is read again, as it is pinned.
      await projection.flush();
      await projection.load(loads.at(-1)?.slice(0, 2) ?? []);
      isForgetting = false;
    },
  });
  await through(entries.length);
  const asked = loads.reduce((sum, refs) => sum + refs.length, 0);
  const ahead = 4 * (entries.length - created);
  assert.ok(asked <= ahead, `${asked} entities asked for, ${ahead} would do`);
  assert.equal((await projection.stateHash()).hash, await hashOf(entries));
});

test('an entry ahead that this build does not know stops the node when it is its turn, and not before', async () => {
  const { entries, created } = historyOf(3);
  const unknown: Entry = {
    index: entries.length + 1,
    term: 1,
    kind: 'events',
    data: JSON.stringify({ v: ENTRY_VERSION + 1, atMs: 0, pairs: [] }),
  };
  const { applying, through } = replayOf([...entries, unknown], { disk: await diskAt(entries, created) });
  await assert.rejects(through(unknown.index), /run a newer xcron/);
  assert.equal(applying.index, entries.length);
});

test('after a snapshot took the place of the state, what was looked at before counts for nothing', async () => {
  const { entries, created } = historyOf(300);
  const middle = created + 40;
  const disk = await diskAt(entries, created);
  const { applying, loads, projection, begin, through } = replayOf(entries, { disk });
  await begin(entries.length);
  assert.equal(loads.length, 1);
  assert.ok(
    (loads[0]?.length ?? 0) > 2 * (middle - created),
    'the snapshot is to end among the entries that were looked at',
  );
  disk.copies.set('snapshot', await diskAt(entries, middle));
  await projection.replaceWith('snapshot');
  applying.replaced(middle);
  await through(entries.length);
  const loadsMax = (entries.length - middle) / 64;
  assert.ok(loads.length <= loadsMax, `${loads.length} loads for ${entries.length - middle} entries`);
  assert.equal((await projection.stateHash()).hash, await hashOf(entries));
});

test('what is not committed is not taken from the log ahead: something else may come in its place', async () => {
  const { entries } = historyOf(20);
  const changed = [...entries];
  const { projection, through } = replayOf(changed);
  await through(10);
  const other = historyOf(15).entries;
  changed.splice(10, changed.length, ...other.slice(10));
  await through(other.length);
  assert.equal((await projection.stateHash()).hash, await hashOf(other));
});
