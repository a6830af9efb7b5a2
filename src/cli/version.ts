import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Manifest {
  readonly version: string;
  /** A clone, where the command is not on PATH. */
  readonly isClone: boolean;
  /** Where package.json lies. */
  readonly root: string;
}

/** From the nearest package.json above: sources and the compiled package lie at different depths. */
export function readManifest(): Manifest {
  let directory = new URL('./', import.meta.url);
  for (;;) {
    const file = fileURLToPath(new URL('package.json', directory));
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8'));
      return { version: String(manifest.version), isClone: manifest.private === true, root: dirname(file) };
    }
    const parent = new URL('../', directory);
    if (parent.href === directory.href) throw new Error('no package.json above the command line');
    directory = parent;
  }
}
