/** npm run ui: the pages for the browser, from src/ui into dist/ui. `npm start` and `npm run cluster` do this by themselves. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { drawAll } from '../statecharts/all.ts';
import { pageAlone } from './page-alone.ts';
import { STAMP_FILE, stampOf, uiDirectory, uiSources } from './ui.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = join(ROOT, 'src/ui');
const OUT = uiDirectory(ROOT);
let charts: ReturnType<typeof drawAll> | null = null;

// Before the build: what changes during it is built the next time.
const stamp = stampOf(uiSources(ROOT));
mkdirSync(dirname(OUT), { recursive: true });
// Beside its place, and put there whole: others may build, or serve, at the same time.
const made = mkdtempSync(join(dirname(OUT), 'ui-'));
try {
  await buildPages(made, ['index.html', 'debug.html']);
  // The debugger for a machine that has no node: the same page, in one file.
  const alone = join(made, 'alone');
  await buildPages(alone, ['debug.html']);
  const page = pageAlone(alone, 'debug.html');
  rmSync(alone, { recursive: true });
  mkdirSync(alone);
  writeFileSync(join(alone, 'debugger.html'), page);
  writeFileSync(join(made, STAMP_FILE), stamp);
  putInPlace();
} finally {
  rmSync(made, { recursive: true, force: true });
}

async function buildPages(outDir: string, pages: readonly string[]): Promise<void> {
  await build({
    root: PAGES,
    configFile: false,
    // The same files work under any base path.
    base: './',
    logLevel: 'warn',
    plugins: [statecharts()],
    publicDir: join(PAGES, 'public'),
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      // A data: URL would be one more thing that the content policy has to allow.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // Laying the charts out takes a second or two, as it should.
      rolldownOptions: {
        checks: { bundlerTimings: false },
        input: pages.map((page) => join(PAGES, page)),
      },
    },
  });
}

/** The machines as they are now, each thing in its place: pages lay out nothing. */
function statecharts(): Plugin {
  const name = 'virtual:statecharts';
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load: async (id) => (id === `\0${name}` ? `export const charts = ${JSON.stringify(await drawn())};` : null),
  };
}

function drawn(): ReturnType<typeof drawAll> {
  charts ??= drawAll();
  return charts;
}

function putInPlace(): void {
  const before = `${made}-before`;
  try {
    renameSync(OUT, before);
  } catch {
    // Nothing was there.
  }
  try {
    renameSync(made, OUT);
  } catch {
    // Another build put its own there in between, of the same sources.
  }
  rmSync(before, { recursive: true, force: true });
}
