import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatHash, rowHash, sumHashes } from '../../src/store/entity-hash.ts';
import { compareTaskIds, compareTexts } from '../../src/store/projection-order.ts';
import {
  decodeExecution,
  decodeKey,
  decodeMeta,
  decodeTask,
  encodeExecution,
  encodeKey,
  encodeMeta,
  encodeTaskDefinition,
  encodeTaskStatus,
  parseRunKey,
  runKey,
} from '../../src/store/rows.ts';
import { applyEntry } from '../../src/tasks/entry.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { EntitiesInMaps } from '../tasks/entities-in-maps.ts';
import { historyOf, historySteps } from './projection-history.ts';

/** The same value, every object's keys in the opposite order. */
function backwards<T>(value: T): T {
  if (Array.isArray(value)) return value.map(backwards) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, backwards(field)]),
  ) as T;
}

test('I4: equal entities have equal bytes however they were made, and come back as they were', () => {
  fc.assert(
    fc.property(historySteps(60), (steps) => {
      const state = new EntitiesInMaps();
      for (const content of historyOf(steps)) applyEntry(state, content);
      for (const task of state.tasks.values()) {
        const { definition } = task;
        const headers = { 'x-b': '1', 'X-a': '2', '7': '3' };
        const given = { ...task, definition: { ...definition, callback: { ...definition.callback, headers } } };
        const [status, wide] = [encodeTaskStatus(given), encodeTaskDefinition(given)];
        assert.deepEqual([encodeTaskStatus(backwards(given)), encodeTaskDefinition(backwards(given))], [status, wide]);
        assert.deepEqual(decodeTask(task.taskId, status, wide), given);
      }
      for (const execution of state.executions.values()) {
        const document = encodeExecution(execution);
        assert.equal(encodeExecution(backwards(execution)), document);
        assert.deepEqual(decodeExecution(execution.taskId, execution.run, document), execution);
        assert.deepEqual(parseRunKey(runKey(execution.taskId, execution.run)), {
          taskId: execution.taskId,
          run: execution.run,
        });
      }
      for (const record of state.keys.values()) {
        assert.equal(encodeKey(backwards(record)), encodeKey(record));
        assert.deepEqual(decodeKey(record.key, encodeKey(record)), record);
      }
      assert.equal(encodeMeta(backwards(state.meta())), encodeMeta(state.meta()));
      assert.deepEqual(decodeMeta(encodeMeta(state.meta())), state.meta());
    }),
    { numRuns: 60 },
  );
});

test('the state hash is a sum: any order, and what is taken out again leaves nothing', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), fc.string(), (keys, extra) => {
      const shares = keys.map((key) => rowHash('key', key, '{}'));
      const sum = shares.reduce(sumHashes, 0n);
      assert.equal(shares.toReversed().reduce(sumHashes, 0n), sum);
      const share = rowHash('task', extra, '{}');
      assert.equal(sumHashes(sumHashes(sum, share), -share), sum);
      assert.match(formatHash(sum), /^[0-9a-f]{16}$/);
    }),
  );
  const kinds = ['task', 'definition', 'execution', 'key', 'meta'] as const;
  assert.equal(new Set(kinds.map((kind) => rowHash(kind, 'a', 'b'))).size, kinds.length);
});

test('the hash of a known row never changes: it stands in every file', () => {
  assert.equal(formatHash(rowHash('key', 'k', '{}')), 'bfaf1671b03689a4');
});

test('task ids compare as numbers, texts as SQLite does', () => {
  const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(id, id, (a, b) => {
      const order = compareTaskIds(String(a) as TaskId, String(b) as TaskId);
      assert.equal(Math.sign(order), a < b ? -1 : a > b ? 1 : 0);
    }),
  );
  // By UTF-16 code unit it would be the other way round.
  assert.ok(compareTexts('\u{1F600}', '\uFFFD') > 0);
});
