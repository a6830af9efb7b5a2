import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What git does not keep either. */
const NOT_OURS = new Set(['.git', 'node_modules', 'data', 'dist', '.installing']);

/** Paths from the root with forward slashes, sorted. */
export function projectFiles(under = ''): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (NOT_OURS.has(entry.name) && folder === ROOT) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return walk(path);
      return entry.isFile() && !entry.name.endsWith('.log') ? [relative(ROOT, path).split(sep).join('/')] : [];
    });
  return walk(ROOT)
    .filter((path) => path.startsWith(under))
    .sort();
}

export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
