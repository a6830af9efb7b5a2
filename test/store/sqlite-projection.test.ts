import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { groupPaths } from '../../src/store/store-layout.ts';
import { logOf, type ProjectionUnderTest, projectionContract, replay } from '../contract/projection.ts';
import { projectionReplacementContract } from '../contract/projection-replacement.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';

/** No file of this process may grow beyond this, as on a full disk: writes fail with EFBIG (setrlimit(2); Node ignores SIGXFSZ). */
export const limitFileSize = (bytes: number | 'unlimited'): void => {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
};

for (const [name, runs, options] of [
  ['sqlite', 15, {}],
  ['sqlite, a cache of eight entities', 10, { maxCachedEntities: 8 }],
  ['sqlite, flushing after every entry', 10, { flushAtEntities: 1 }],
] as const) {
  const create = async (): Promise<ProjectionUnderTest> => {
    const directory = temporaryDirectory();
    return {
      open: () => openQuietly(directory, options),
      failWrites: async () => limitFileSize(100),
      // A directory where the journal would be is not removed as one.
      failReplacements: () => mkdirSync(`${groupPaths(directory).state}-journal`),
      async receive(entries, configuration) {
        const elsewhere = temporaryDirectory();
        const source = await openQuietly(elsewhere);
        if (configuration !== undefined) source.standOn(logOf(configuration));
        await replay(source, entries);
        const file = join(groupPaths(directory).directory, 'received.db');
        await source.copyTo(file);
        await source.close();
        removeDirectory(elsewhere);
        return file;
      },
      async remove() {
        limitFileSize('unlimited');
        removeDirectory(directory);
      },
    };
  };
  projectionContract(name, runs, create);
  projectionReplacementContract(name, create);
}
