import { readFileSync, writeFileSync } from 'node:fs';
import { machines } from '../../machines/all.ts';
import { machinesPage } from '../../machines/mermaid.ts';

/** Writes docs/machines.md; with --check, fails when it is not what the machines say. */
const file = new URL('../../docs/machines.md', import.meta.url);
const page = machinesPage(machines);
if (!process.argv.includes('--check')) writeFileSync(file, page);
else if (readFileSync(file, 'utf8') !== page) {
  console.error('docs/machines.md is not what machines/ says: run npm run diagrams');
  process.exitCode = 1;
}
