import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { configurationOf, readText } from './node-configuration.ts';
import type { NodeFlags } from './node-flags.ts';
import { peeringOf } from './peering.ts';
import { configurationInWords } from './print-configuration.ts';

/** What is wrong with the configuration is said before anything heavy is loaded. */
export async function serve(flags: NodeFlags, printConfig: boolean, asked: Asked): Promise<ExitCode> {
  const configuration = configurationOf(flags, asked.environment, asked.terminal);
  if (configuration === null) return EXIT.usage;
  if (printConfig) {
    for (const line of configurationInWords(configuration)) asked.terminal.out(line);
    return EXIT.done;
  }
  const peering = peeringOf(configuration.values, readText);
  if (!peering.ok) {
    for (const problem of peering.error) asked.terminal.err(`xcron: ${problem}`);
    return EXIT.usage;
  }
  const { runNode } = await import('./run-node.ts');
  return runNode(configuration.values, peering.value, asked.terminal);
}
