import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { groupPaths } from '../../src/store/store-layout.ts';
import type { Damage } from './fault-plan.ts';

/** Spoils the log of a node that does not run, near its end: what a disk does that loses power, or lies. Says what it did. */
export function damageLog(dataDirectory: string, how: Damage, at: number): string {
  const { log, wal } = groupPaths(dataDirectory);
  const file = existsSync(wal) ? wal : log;
  const fd = openSync(file, 'r+');
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return 'found nothing to spoil';
    switch (how) {
      case 'flip-a-bit':
        return flipBit(fd, Math.floor(at * size));
      case 'cut-the-tail': {
        const kept = Math.floor(size * (0.5 + at / 2));
        ftruncateSync(fd, kept);
        return `cut a file of ${size} bytes to ${kept}`;
      }
      case 'lose-the-wal':
        ftruncateSync(fd, file === wal ? 0 : size);
        return `emptied a WAL of ${size} bytes`;
    }
  } finally {
    closeSync(fd);
  }
}

function flipBit(fd: number, position: number): string {
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, position);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  writeSync(fd, byte, 0, 1, position);
  return `flipped a bit of byte ${position}`;
}
