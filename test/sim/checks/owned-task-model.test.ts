import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLinearizable, type Operation } from '../../../src/sim/checks/linearizability.ts';
import { type OwnerCall, type OwnerSeen, ownedTaskModel } from '../../../src/sim/checks/owned-task-model.ts';

type Asked = Operation<OwnerCall, OwnerSeen>;

const told = (call: OwnerCall, invokedAt: number, returnedAt: number, result: OwnerSeen): Asked => ({
  call,
  invokedAt,
  outcome: { kind: 'ok', result, returnedAt },
});
const unknown = (call: OwnerCall, invokedAt: number): Asked => ({ call, invokedAt, outcome: { kind: 'unknown' } });
const task = (life: 'active' | 'paused' | 'cancelled' | 'completed', version: number, body: string): OwnerSeen => ({
  task: { life, version, body },
});
const update = (body: string): OwnerCall => ({ kind: 'update', body });
const created = told({ kind: 'create' }, 1, 2, task('active', 1, '0'));
const verdict = (...history: readonly Asked[]): string => checkLinearizable(history, ownedTaskModel).kind;

describe('a task as its owner sees it', () => {
  test('each change is seen by whatever begins after its answer', () => {
    const history = [
      created,
      told(update('1'), 3, 4, task('active', 2, '1')),
      told({ kind: 'pause' }, 5, 6, task('paused', 3, '1')),
      told({ kind: 'run' }, 7, 8, { refused: 'task_paused' }),
      told({ kind: 'resume' }, 9, 10, task('active', 4, '1')),
      told({ kind: 'run' }, 11, 12, task('active', 4, '1')),
      told({ kind: 'cancel' }, 13, 14, task('cancelled', 5, '1')),
    ];
    assert.equal(verdict(...history, told({ kind: 'read' }, 15, 16, task('cancelled', 5, '1'))), 'linearizable');
    assert.equal(verdict(...history, told({ kind: 'read' }, 15, 16, task('active', 4, '1'))), 'contradiction');
  });

  test('a change that nobody knows of is seen or is not, and once seen stays', () => {
    const maybe = [created, unknown({ kind: 'pause' }, 3)];
    const before = told({ kind: 'read' }, 4, 5, task('active', 1, '0'));
    const after = (at: number): Asked => told({ kind: 'read' }, at, at + 1, task('paused', 2, '0'));
    assert.equal(verdict(...maybe, before, after(6)), 'linearizable');
    const backAgain = told({ kind: 'read' }, 8, 9, task('active', 1, '0'));
    assert.equal(verdict(...maybe, before, after(6), backAgain), 'contradiction');
  });

  test('a refusal says what stands there: one by a leader that knows less than was acknowledged is wrong', () => {
    const resumed = [
      created,
      told({ kind: 'pause' }, 3, 4, task('paused', 2, '0')),
      told({ kind: 'resume' }, 5, 6, task('active', 3, '0')),
    ];
    assert.equal(verdict(...resumed, told({ kind: 'run' }, 7, 8, { refused: 'task_paused' })), 'contradiction');
    assert.equal(verdict(...resumed, told({ kind: 'resume' }, 7, 8, { refused: 'task_not_paused' })), 'linearizable');
  });

  test('two updates at once are done one after the other: neither is lost', () => {
    const first = told(update('1'), 3, 6, task('active', 2, '1'));
    assert.equal(verdict(created, first, told(update('2'), 4, 5, task('active', 3, '2'))), 'linearizable');
    assert.equal(verdict(created, first, told(update('2'), 4, 5, task('active', 2, '2'))), 'contradiction');
  });

  test('that it is completed is not the owner’s doing, and hides only whether it was paused', () => {
    const paused = [created, told({ kind: 'pause' }, 3, 4, task('paused', 2, '0'))];
    assert.equal(verdict(...paused, told({ kind: 'read' }, 5, 6, task('completed', 2, '0'))), 'linearizable');
    assert.equal(verdict(...paused, told({ kind: 'read' }, 5, 6, task('completed', 1, '0'))), 'contradiction');
    const cancelled = [...paused, told({ kind: 'cancel' }, 5, 6, task('cancelled', 3, '0'))];
    assert.equal(verdict(...cancelled, told({ kind: 'read' }, 7, 8, task('completed', 3, '0'))), 'contradiction');
  });
});
