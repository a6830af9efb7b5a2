import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import { logOf, type ProjectionUnderTest, projectionContract, replay } from '../contract/projection.ts';
import { projectionReplacementContract } from '../contract/projection-replacement.ts';

for (const [name, delay] of [
  ['memory', async () => undefined],
  ['memory, every answer a turn later', () => nextTurn()],
] as const) {
  const create = async (): Promise<ProjectionUnderTest> => {
    const disk = createMemoryDisk();
    return {
      open: async () => openMemoryProjection({ disk, delay, forgetful: true }),
      async failWrites() {
        disk.failure = new Error('no space left on device');
      },
      failReplacements() {
        disk.failure = new Error('input/output error');
      },
      async receive(entries, configuration) {
        const other = createMemoryDisk();
        const source = openMemoryProjection({ disk: other });
        if (configuration !== undefined) source.standOn(logOf(configuration));
        await replay(source, entries);
        await source.copyTo('copy');
        const copy = other.copies.get('copy');
        if (copy !== undefined) disk.copies.set('received', copy);
        return 'received';
      },
      remove: async () => undefined,
    };
  };
  projectionContract(name, 100, create);
  projectionReplacementContract(name, create);
}
