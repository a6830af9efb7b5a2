import { readFileSync, statSync } from 'node:fs';
import { type Configuration, loadConfiguration } from './configuration.ts';
import type { NodeFlags } from './node-flags.ts';
import type { Terminal } from './terminal.ts';

const FILE_BYTES_MAX = 1_024 * 1_024;

/** Null once every problem is said. */
export function configurationOf(
  flags: NodeFlags,
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Extract<Configuration, { ok: true }> | null {
  const loaded = loadConfiguration({ flags: flags.given, configFlag: flags.config, environment, readText });
  for (const warning of loaded.warnings) terminal.err(`xcron: warning: ${warning}`);
  if (loaded.ok) return loaded;
  for (const problem of loaded.problems) terminal.err(`xcron: ${problem}`);
  return null;
}

/** Null where there is none. */
export function readText(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  // What is no regular file (a secret handed over as a pipe) has no size to judge by.
  if (found.isFile() && found.size > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
  return readFileSync(path, 'utf8');
}
