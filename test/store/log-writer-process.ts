import { writeSync } from 'node:fs';
import { StorageFailed, StorageRefused } from '../../src/store/log-store.ts';
import { entry } from '../contract/log-store.ts';
import { openLog } from './log-directory.ts';

/**
 * A process that writes to a log until it is killed or has done `persists`, and says each acknowledged persist on stdout, unbuffered:
 * `acknowledged <last index> <term>`. Every 20th persist is a new term that replaces the last two entries; maintenance goes on in
 * between.
 */
const [directory = '', persistsText = '', walBytes = '65536', seedText = '1'] = process.argv.slice(2);
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

try {
  const { store, close } = openLog(directory, { walPregrownBytes: Number(walBytes) });
  say(`open ${store.lastIndex} ${store.hardState.term}`);
  for (let i = 1; i <= Number(persistsText); i += 1) {
    const replaces = i % 20 === 0 && store.lastIndex > 2;
    const term = replaces ? store.hardState.term + 1 : store.hardState.term;
    const from = replaces ? store.lastIndex - 1 : store.lastIndex + 1;
    const entries = Array.from({ length: 1 + (i % 5) }, (_, k) =>
      entry(from + k, term, `${seedText} ${term} ${from + k}`),
    );
    store.persist(replaces ? { hardState: { term, votedFor: null }, entries } : { entries });
    say(`acknowledged ${store.lastIndex} ${term}`);
    if (i % 50 === 0) store.maintain();
  }
  say('done');
  close();
} catch (error) {
  if (error instanceof StorageRefused) say(`refused ${error.code} ${error.message}`);
  else if (error instanceof StorageFailed) say(`failed ${error.operation} ${error.message}`);
  else throw error;
}
