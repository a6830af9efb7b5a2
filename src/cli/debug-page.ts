import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { readManifest } from './version.ts';

/** The debugger of this build, for traces of this build's format: it asks nobody anything. */
export function printPage({ terminal }: Asked): ExitCode {
  const path = join(readManifest().root, 'dist', 'ui', 'alone', 'debugger.html');
  try {
    terminal.out(readFileSync(path, 'utf8').trimEnd());
  } catch {
    terminal.err(`xcron: the page is not built: there is no ${path}. In a clone, "npm run ui" builds it.`);
    return EXIT.refused;
  }
  return EXIT.done;
}
