import { readFileSync, writeFileSync } from 'node:fs';
import { machines } from '../../machines/all.ts';
import { machinesPage, withDiagrams } from '../../machines/mermaid.ts';

/** Writes docs/machines.md, and the diagrams of the other pages; with --check, fails when they are not what the machines say. */
const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const read = (path: string): string => readFileSync(at(path), 'utf8');
const pages: readonly (readonly [path: string, text: string])[] = [
  ['docs/machines.md', machinesPage(machines)],
  ...['README.md', 'ops/runbook.md'].map((path) => [path, withDiagrams(read(path), machines)] as const),
];
for (const [path, text] of pages) {
  if (!process.argv.includes('--check')) writeFileSync(at(path), text);
  else if (read(path) !== text) {
    console.error(`${path} is not what machines/ says: run npm run diagrams`);
    process.exitCode = 1;
  }
}
