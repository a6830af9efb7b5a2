import { machines } from '../../machines/all.ts';
import { toMermaid } from '../../machines/mermaid.ts';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** The very machines of this build: what is printed is what runs. */
export function printGraph(name: string | undefined, { terminal }: Asked): ExitCode {
  const names = name === undefined ? Object.keys(machines) : [name];
  for (const one of names) {
    const machine = Object.hasOwn(machines, one) ? machines[one] : undefined;
    if (machine === undefined) {
      terminal.err(`xcron: there is no machine "${one}"; there are ${Object.keys(machines).join(', ')}`);
      return EXIT.usage;
    }
    // Of several, each says which it is: Mermaid takes a comment at the beginning.
    if (names.length > 1) terminal.out(`%% ${one}`);
    terminal.out(toMermaid(machine));
  }
  return EXIT.done;
}
