import type { AnyStateMachine } from 'xstate';

/** A flat machine as a Mermaid state diagram. Drawn from the machine itself, so that a picture cannot lie. */
export function toMermaid(machine: AnyStateMachine): string {
  const { root } = machine;
  const lines = ['stateDiagram-v2', `  [*] --> ${root.initial.target[0]?.key ?? ''}`];
  for (const state of Object.values(root.states)) {
    // Events that lead to the same place share an arrow.
    const labels = new Map<string, string[]>();
    for (const [event, transitions] of state.transitions) {
      for (const transition of transitions) {
        const target = transition.target?.[0]?.key ?? state.key;
        const guard = nameOf(transition.guard);
        const label = guard === null ? event : `${event} [${guard}]`;
        labels.set(target, [...(labels.get(target) ?? []), label]);
      }
    }
    for (const [target, events] of labels) lines.push(`  ${state.key} --> ${target}: ${events.join(', ')}`);
    if (state.type === 'final') lines.push(`  ${state.key} --> [*]`);
  }
  for (const [event, transitions] of root.transitions) {
    for (const target of transitions[0]?.target ?? [])
      lines.push(`  note left of ${target.key}: from any state, on ${event}`);
  }
  return lines.join('\n');
}

function nameOf(guard: unknown): string | null {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type);
  return null;
}

/** One page with all machines: a diagram each, and what each state means. */
export function machinesPage(machines: Readonly<Record<string, AnyStateMachine>>): string {
  const parts = [
    '# The machines',
    '',
    'Generated from `machines/*.ts` by `npm run diagrams`; a test keeps it current.',
    '',
  ];
  for (const [name, machine] of Object.entries(machines)) {
    parts.push(`## ${name}`, '', '```mermaid', toMermaid(machine), '```', '');
    const described = Object.values(machine.root.states).filter((state) => state.description !== undefined);
    if (described.length > 0) {
      parts.push(
        '| state | meaning |',
        '|---|---|',
        ...described.map((state) => `| ${state.key} | ${state.description} |`),
        '',
      );
    }
  }
  return parts.join('\n');
}

const PLACE = /(<!-- diagram:([a-z-]+) -->\n)```mermaid\n[\s\S]*?```\n/g;

/** A page with the diagrams that it has a place for, as they are now. */
export const withDiagrams = (page: string, machines: Readonly<Record<string, AnyStateMachine>>): string =>
  page.replace(PLACE, (whole, place: string, name: string) => {
    const machine = machines[name];
    return machine === undefined ? whole : `${place}\`\`\`mermaid\n${toMermaid(machine)}\n\`\`\`\n`;
  });
