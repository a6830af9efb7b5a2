import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Mutant, patched } from './mutant.ts';

/** From here on this process loads the sources with a known bug in them. What was loaded before stays as it is. */
export function putIn({ patches }: Mutant): void {
  const root = new URL('../../', import.meta.url);
  const sources = new Map<string, string>();
  for (const patch of patches) {
    const url = new URL(patch.file, root).href;
    sources.set(url, patched(sources.get(url) ?? readFileSync(fileURLToPath(url), 'utf8'), patch));
  }
  registerHooks({
    load(url, context, nextLoad) {
      const source = sources.get(url);
      return source === undefined
        ? nextLoad(url, context)
        : { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}
