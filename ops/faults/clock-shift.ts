import { existsSync, globSync } from 'node:fs';
import type { SystemTool } from '../scripts/system-tools.ts';

/** The clock of one machine, moved while the node runs: by libfaketime, between the process and the C library. Production code knows nothing of it. */
export const FAKETIME: SystemTool = {
  command: 'faketime',
  debianPackage: 'faketime',
  elsewhere: 'it exists for Linux only: run this in a Linux container',
  neededFor: 'clocks that are wrong',
};

const LIBRARIES = ['/usr/lib/*/faketime/libfaketimeMT.so.1', '/usr/lib/faketime/libfaketimeMT.so.1'];

const findLibrary = (): string => {
  const found = LIBRARIES.flatMap((pattern) => globSync(pattern)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`libfaketime is in none of ${LIBRARIES.join(', ')}`);
  return found;
};

/** `clockFile` holds how far the clock is off, in seconds with a sign. */
export const faketimeEnvironment = (clockFile: string): Readonly<Record<string, string>> => ({
  LD_PRELOAD: findLibrary(),
  FAKETIME_TIMESTAMP_FILE: clockFile,
  // The file is read again after a second. At every look at the clock, most of the node's time would go there.
  FAKETIME_CACHE_DURATION: '1',
  // Timers, leases and elections run by the monotonic clock, which no machine sets.
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});
