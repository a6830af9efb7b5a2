import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageTrouble } from '../../src/cli/storage-failure.ts';
import { StorageFailed, StorageRefused } from '../../src/store/log-store.ts';

test('trouble with the disk is told from a bug', () => {
  const refused = new StorageRefused('damaged', 'the log is damaged', 'do this');
  assert.deepEqual(storageTrouble(refused), { message: 'the log is damaged', remedy: 'do this' });
  const disk = [
    new StorageFailed('fsync', new Error('x')),
    Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' }),
    Object.assign(new Error('short read'), { code: 'SQLITE_IOERR_SHORT_READ' }),
    Object.assign(new Error('no space'), { code: 'ENOSPC' }),
  ];
  for (const error of disk) assert.match(storageTrouble(error)?.remedy ?? '', /start again/);
  assert.equal(storageTrouble(new TypeError('x is not a function')), null);
  assert.equal(storageTrouble(Object.assign(new Error('x'), { code: 'SQLITE_CONSTRAINT' })), null);
});
