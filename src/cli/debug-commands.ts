import type { Command } from 'commander';
import type { Run } from './action.ts';

export function addDebugCommands(program: Command, run: Run): void {
  const debug = program.command('debug').description('look at what xcron is made of; its page is /debug of any node');
  debug
    .command('graph')
    .argument('[MACHINE]', 'one of its machines; all where left out')
    .description('print the machines that a node runs, as Mermaid state diagrams')
    .action((name: string | undefined) =>
      run(async (asked) => (await import('./debug-graph.ts')).printGraph(name, asked)),
    );
  debug
    .command('page')
    .description(
      'print the page of the debugger in one file, which opens saved traces in a browser with no node: … > debugger.html',
    )
    .action(() => run(async (asked) => (await import('./debug-page.ts')).printPage(asked)));
}
