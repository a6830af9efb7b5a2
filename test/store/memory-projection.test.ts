import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import { projectionContract } from '../contract/projection.ts';

for (const [name, delay] of [
  ['memory', async () => undefined],
  ['memory, every answer a turn later', () => nextTurn()],
] as const) {
  projectionContract(name, 100, async () => {
    const disk = createMemoryDisk();
    return {
      open: async () => openMemoryProjection({ disk, delay, forgetful: true }),
      async failWrites() {
        disk.failure = new Error('no space left on device');
      },
      remove: async () => undefined,
    };
  });
}
