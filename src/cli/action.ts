import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a command is handed: who asked, and where they are. */
export interface Asked {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A command. Whatever it loads (fastify, better-sqlite3, undici) it imports itself: `--help` and `task` start without. */
export type Action = (asked: Asked) => Promise<ExitCode>;
/** Runs an action and keeps its exit code: commander forgets what actions return. */
export type Run = (action: Action) => Promise<void>;
