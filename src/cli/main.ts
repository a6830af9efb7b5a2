import { EXIT } from './exit-code.ts';
import { runCommandLine } from './program.ts';
import { processTerminal } from './terminal.ts';

// `xcron task list | head` closes the pipe: nobody reads any more, and that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
}

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    terminal: processTerminal,
    environment: process.env,
  });
} catch (error) {
  // What no command foresaw. Not 1: a script would take it for a refusal.
  process.stderr.write(`xcron: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = EXIT.invariantBroken;
}
