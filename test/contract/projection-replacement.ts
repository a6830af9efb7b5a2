import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Configuration } from '../../src/raft/types.ts';
import { type LastIncluded, StorageRefused } from '../../src/store/log-store.ts';
import { createMemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import type { Projection, ProjectionStart } from '../../src/store/projection.ts';
import { applyEntry } from '../../src/tasks/entry.ts';
import { historyOf, historySteps } from '../store/projection-history.ts';
import { EntitiesInMaps } from '../tasks/entities-in-maps.ts';
import { Scenario } from '../tasks/scenario.ts';
import { entry } from './log-store.ts';
import { type ProjectionUnderTest, referenceHash, replay } from './projection.ts';
import { askEverything, oracle } from './projection-questions.ts';

/** What every implementation of the port must do when a snapshot takes the place of its state (paper §7). */
export function projectionReplacementContract(name: string, create: () => Promise<ProjectionUnderTest>): void {
  describe(`projection replacement contract: ${name}`, () => {
    let disk: ProjectionUnderTest;
    let projection: Projection & { readonly start: ProjectionStart };
    beforeEach(async () => {
      disk = await create();
      projection = await disk.open();
    });
    afterEach(async () => {
      await projection.close({ flush: false });
      await disk.remove();
    });
    const reopen = async (flush: boolean): Promise<void> => {
      await projection.close({ flush });
      projection = await disk.open();
    };

    test('§7: a snapshot takes the place of the state, of what was not flushed, and of a flush that runs', async () => {
      const steps = (seed: number) => fc.sample(historySteps(1), { numRuns: 500, seed }).flat();
      const [mine, further] = [historyOf(steps(11)), historyOf(steps(12))];
      const ahead = further.slice(0, 60);
      assert.ok(mine.length > 20 && further.length > 70);
      const state = new EntitiesInMaps();
      for (const content of ahead) applyEntry(state, content);
      for (const when of ['at once', 'unflushed', 'flushing', 'flushed'] as const) {
        await projection.close({ flush: false });
        await disk.remove();
        disk = await create();
        projection = await disk.open();
        if (when !== 'at once') await replay(projection, mine.slice(0, 10));
        if (when === 'flushed') await projection.flush();
        await replay(projection, mine.slice(0, 20));
        const { entities } = projection;
        const flushing = when === 'flushing' ? projection.flush() : undefined;
        const file = await disk.receive(ahead);
        await projection.replaceWith(file);
        await flushing;
        for (const again of [false, true]) {
          if (again) await reopen(false);
          assert.deepEqual(
            [projection.appliedIndex, projection.durableIndex, projection.overlaySize],
            [ahead.length, ahead.length, 0],
          );
          assert.deepEqual(projection.entities.meta(), state.meta());
          assert.deepEqual(await askEverything(projection, state), await askEverything(oracle(state), state), when);
          assert.deepEqual(await projection.stateHash(), { index: ahead.length, hash: await referenceHash(ahead) });
          const scheduled = [...state.tasks.values()].filter((task) => task.state === 'scheduled').length;
          assert.deepEqual(
            [projection.counts.executions, projection.counts.tasks.scheduled],
            [state.executions.size, scheduled],
          );
          if (!again) assert.equal(projection.entities, entities, 'whoever holds the entities sees the new ones');
        }
        assert.deepEqual(projection.start.appliedIndex, ahead.length);
      }
      await replay(projection, further);
      for (const content of further.slice(ahead.length)) applyEntry(state, content);
      await reopen(true);
      assert.deepEqual(await projection.stateHash(), { index: further.length, hash: await referenceHash(further) });
      assert.deepEqual(await askEverything(projection, state), await askEverything(oracle(state), state));
    });

    const lastIncluded = (): LastIncluded | null => projection.lastIncluded;

    test('each flush says where it ends in the log, and a copy says it where it goes', async () => {
      const given = new Scenario().create();
      await replay(projection, given.entries);
      await projection.flush();
      assert.equal(lastIncluded(), null, 'no log was named');
      const members = (count: number): Configuration => ({ members: [], featureLevel: count });
      const log = openMemoryLogStore(createMemoryLogDisk());
      const configured = (index: number) => entry(index, 1, JSON.stringify(members(index)), 'configuration');
      const written = [configured(1), entry(2, 1), entry(3, 2), configured(4)];
      log.persist({ hardState: { term: 2, votedFor: null }, entries: written.map((one) => ({ ...one, term: 2 })) });
      projection.standOn(log);
      given.when({ type: 'PauseTask', version: null });
      given.when({ type: 'ResumeTask', version: null });
      await replay(projection, given.entries);
      assert.equal(lastIncluded(), null, 'not flushed');
      await projection.flush();
      const end: LastIncluded = { index: 3, term: 2, configuration: members(1) };
      for (const again of [false, true]) {
        if (again) await reopen(false);
        assert.deepEqual(lastIncluded(), end);
      }
      log.resetTo({ index: 4, term: 2, configuration: members(4) });
      projection.standOn(log);
      given.when({ type: 'PauseTask', version: null });
      await replay(projection, given.entries);
      await projection.flush();
      assert.deepEqual(lastIncluded(), { index: 4, term: 2, configuration: members(4) }, 'at the very base');
      const file = await disk.receive(given.entries.slice(0, 1), end.configuration);
      await projection.replaceWith(file);
      assert.deepEqual(lastIncluded(), { index: 1, term: 0, configuration: end.configuration });
      await reopen(false);
      assert.deepEqual(lastIncluded()?.configuration, end.configuration);
    });

    test('what is no copy of a state takes the place of nothing', async () => {
      const given = new Scenario().create();
      await replay(projection, given.entries);
      await projection.flush();
      await assert.rejects(projection.replaceWith(`${await disk.receive([])}-not`), StorageRefused);
      given.when({ type: 'PauseTask', version: null });
      await replay(projection, given.entries);
      await projection.flush();
      await reopen(false);
      assert.equal(projection.start.appliedIndex, 2);
      assert.equal((await projection.readTask(given.taskId))?.state, 'paused');
    });

    test('a disk that fails under a replacement is told once, and stops the projection', async () => {
      const given = new Scenario().create();
      await replay(projection, given.entries);
      await projection.flush();
      const file = await disk.receive([]);
      const failures: Error[] = [];
      projection.onFailure((error) => failures.push(error));
      disk.failReplacements();
      await assert.rejects(projection.replaceWith(file));
      await assert.rejects(projection.flush());
      assert.equal(failures.length, 1);
    });
  });
}
