import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { openProjection, type ProjectionOptions, type SqliteProjection } from '../../src/store/sqlite-projection.ts';

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'xcron-projection-'));

export const removeDirectory = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Nothing is flushed but when a test says so. */
export const openQuietly = (directory: string, options: Partial<ProjectionOptions> = {}): Promise<SqliteProjection> =>
  openProjection({
    directory,
    clock: systemClock,
    flushAtEntities: Number.POSITIVE_INFINITY,
    flushAfterMs: Number.POSITIVE_INFINITY,
    ...options,
  });
