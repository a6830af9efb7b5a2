import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CURSORS_MAX, listAddress, pageAddress, readRoute } from '../../src/ui/route.ts';

const NO_FILTER = { name: '', state: '', tag: '' };

describe('which page an address asks for', () => {
  for (const hash of ['', '#', '#/', '#/tasks', '#/tasks/', '#/tasks?other=1']) {
    test(`"${hash}" is the list of tasks`, () =>
      assert.deepEqual(readRoute(hash), { page: 'tasks', filter: NO_FILTER, cursors: [] }));
  }
  test('a task has its number in it', () => {
    const taskId = '117926962005016576';
    assert.deepEqual(readRoute(`#/tasks/${taskId}`), { page: 'task', taskId });
    assert.deepEqual(readRoute(`#/tasks/${taskId}/edit`), { page: 'edit', taskId });
    assert.deepEqual(readRoute(`#/new?like=${taskId}`), { page: 'new', like: taskId });
    assert.deepEqual(readRoute('#/new?like=x'), { page: 'new', like: null });
  });
  for (const hash of ['#/tasks/x', '#/tasks/1/2', '#/other', '#/failed/1', '#/tasks/00', '#/tasks/1/edit/2']) {
    test(`"${hash}" is nowhere`, () => assert.deepEqual(readRoute(hash), { page: 'nowhere' }));
  }
  test('what failed and what was missed are lists of their own', () => {
    assert.deepEqual(readRoute('#/failed'), { page: 'failed', cursors: [] });
    assert.deepEqual(readRoute('#/missed'), { page: 'missed', cursors: [] });
  });
  test('a page of a list stands in the address, with the way back to the first', () => {
    const filter = { name: 'a b', state: '', tag: '' };
    const cursors = ['a+/=', 'b&c'];
    assert.deepEqual(readRoute(pageAddress(listAddress(filter), cursors)), { page: 'tasks', filter, cursors });
    assert.deepEqual(readRoute(pageAddress('#/failed', cursors)), { page: 'failed', cursors });
    assert.equal(pageAddress('#/missed', []), '#/missed');
    const far = Array.from({ length: CURSORS_MAX + 1 }, (_, at) => `${at}`);
    assert.deepEqual(readRoute(pageAddress('#/failed', far)), { page: 'failed', cursors: far.slice(1) });
  });
  test('a search stands in the address', () => {
    const filter = { name: 'a b&c=#', state: 'paused', tag: '%' };
    assert.deepEqual(readRoute(listAddress(filter)), { page: 'tasks', filter, cursors: [] });
    assert.equal(listAddress(NO_FILTER), '#/tasks');
  });
});
