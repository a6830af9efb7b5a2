import { Command, CommanderError } from 'commander';
import type { Asked, Run } from './action.ts';
import { addClusterCommands } from './cluster-commands.ts';
import { addDebugCommands } from './debug-commands.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addEventsCommand } from './events-command.ts';
import { EXIT, EXIT_CODES_IN_WORDS, type ExitCode } from './exit-code.ts';
import { addListenCommand } from './listen-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addStoreCommands } from './store-commands.ts';
import { addTaskCommands } from './task-commands.ts';
import type { Terminal } from './terminal.ts';
import { readManifest } from './version.ts';

/** The whole command line, without ending the process: the exit code is the result. */
export async function runCommandLine(args: readonly string[], asked: Asked): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = buildProgram(async (action) => {
    code = await action(asked);
  }, asked.terminal);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version that were asked for are done; help printed because nothing was asked is a wrong call.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

function buildProgram(run: Run, terminal: Terminal): Command {
  const program = new Command('xcron')
    .description('Calls a URL at the right time, and never forgets: a scheduler of HTTP callbacks.')
    .version(readManifest().version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\n${FIRST_STEPS}\n\n${EXIT_CODES_IN_WORDS}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
      outputError: (text, write) => write(`xcron: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('The same command with --help says what it takes.');
  addServeCommand(program, run);
  addTaskCommands(program, run);
  addClusterCommands(program, run);
  addEventsCommand(program, run);
  addListenCommand(program, run);
  addStoreCommands(program, run);
  addDoctorCommand(program, run);
  addDebugCommands(program, run);
  return program;
}

const FIRST_STEPS = `First steps:
  xcron serve     start a node on http://127.0.0.1:8000, its data in ./data
  xcron listen    in a second terminal: print every callback that comes to http://127.0.0.1:9000
  xcron task create --schedule '@every 10s' --url http://127.0.0.1:9000/ --name hello
  xcron task list`;
