import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRoute } from '../../src/ui/route.ts';

describe('which page an address asks for', () => {
  for (const hash of ['', '#', '#/', '#/tasks', '#/tasks/', '#/tasks?state=paused']) {
    test(`"${hash}" is the list of tasks`, () => assert.deepEqual(readRoute(hash), { page: 'tasks' }));
  }
  test('a task has its number in it', () =>
    assert.deepEqual(readRoute('#/tasks/117926962005016576'), { page: 'task', taskId: '117926962005016576' }));
  for (const hash of ['#/tasks/x', '#/tasks/1/2', '#/other', '#/failed/1', '#/tasks/00']) {
    test(`"${hash}" is nowhere`, () => assert.deepEqual(readRoute(hash), { page: 'nowhere' }));
  }
});
