import type { MessageSeen, StepLine, TraceLine } from './format.ts';
import { replayRole } from './role-replay.ts';

/** A line of a trace in a few words, and by which words it is found. */

export function inWords(line: TraceLine): string {
  switch (line.what) {
    case 'step':
      return stepInWords(line) || 'looked at the time';
    case 'move':
      return `${line.machine}${line.machine === 'attempt' ? ` ${line.of}` : ''}: ${line.event}, ${line.from} → ${line.to}`;
    case 'note':
      return `${line.kind}${says(line.says)}`;
    case 'gap':
      return line.why === 'unseen'
        ? `not seen: what happened before this${line.lines === 0 ? '' : `, at least ${line.lines} lines`}`
        : `${line.lines} lines were passed over`;
  }
}

/** Every follower is asked to read, and none takes it: that says nothing. */
const QUIET: ReadonlySet<string> = new Set(['PROPOSED', 'READ_ASKED']);

function stepInWords(line: StepLine): string {
  const parts: string[] = [];
  for (const { event, from, to, refused } of replayRole(line)) {
    if (QUIET.has(event.type)) continue;
    if (refused !== null) parts.push(`${event.type} not taken`);
    else if (from.role !== to.role) parts.push(`${event.type}: ${from.role} → ${to.role}`);
    else parts.push(event.type);
  }
  parts.push(...messagesInWords('←', line.got), ...messagesInWords('→', line.sent));
  const { wrote = [] } = line;
  const [first, last] = [wrote[0]?.index, wrote.at(-1)?.index];
  if (first !== undefined) parts.push(first === last ? `wrote ${first}` : `wrote ${first}–${last}`);
  for (const also of line.also ?? []) {
    const type = String(also.type);
    // A file may say anything, also a name that every object has.
    const said = Object.hasOwn(ALSO, type) ? ALSO[type] : undefined;
    if (said !== undefined) parts.push(said(also));
  }
  if (line.refused !== undefined) parts.push(`${line.refused.length} pairs did not hold`);
  return parts.join(' · ');
}

/** What is said of the rest; what stands nowhere here is seen in the line itself. */
const ALSO: Readonly<Record<string, (also: Readonly<Record<string, unknown>>) => string>> = {
  propose: ({ count }) => `${count} proposed`,
  committed: ({ index }) => `committed ${index}`,
  applied: ({ index }) => `applied ${index}`,
  refused: ({ count }) => `${count} proposals refused`,
  'read-ready': ({ count }) => `${count} reads confirmed`,
  'read-refused': ({ count }) => `${count} reads refused`,
  dropped: ({ from, cause }) => `dropped what ${from} said: ${cause}`,
  persisted: () => 'on disk',
  'configuration-changed': () => 'members changed',
  'make-snapshot': () => 'makes a snapshot',
  'install-snapshot': () => 'installs a snapshot',
  'snapshot-installed': () => 'snapshot installed',
  transfer: ({ to }) => `is to hand over to ${to}`,
  retire: () => 'is about to end',
  unreachable: ({ peer }) => `cannot reach ${peer}`,
};

/** Messages of a kind are told together. */
function messagesInWords(arrow: string, messages: readonly MessageSeen[] = []): readonly string[] {
  const byKind = new Map<string, string[]>();
  for (const { kind, peer } of messages) byKind.set(kind, [...(byKind.get(kind) ?? []), peer]);
  return [...byKind].map(([kind, peers]) => `${arrow} ${kind} ${[...new Set(peers)].join(' ')}`);
}

function says(said: Readonly<Record<string, unknown>> | undefined): string {
  const text = said === undefined ? '' : JSON.stringify(said);
  return text === '' || text === '{}' ? '' : ` ${text}`;
}

export interface Filter {
  readonly node: string | null;
  /** A kind of message; a machine that moved; `refused`, `entry` or `note`. */
  readonly kind: string | null;
  readonly term: number | null;
  readonly task: string;
}

export const ALL: Filter = { node: null, kind: null, term: null, task: '' };

export function passes(line: TraceLine, { node, kind, term, task }: Filter): boolean {
  // What was passed over may have been any of it.
  if (line.what === 'gap') return node === null || line.node === node;
  if (node !== null && line.node !== node) return false;
  if (term !== null && (line.what !== 'step' || line.term !== term)) return false;
  if (kind !== null && !isOfKind(line, kind)) return false;
  return task === '' || isAbout(line, task);
}

function isOfKind(line: TraceLine, kind: string): boolean {
  if (line.what === 'move') return line.machine === kind;
  if (line.what !== 'step') return line.what === kind;
  if (kind === 'role') return line.moves !== undefined && line.before?.role !== line.role;
  if (kind === 'refused')
    return (
      line.refused !== undefined ||
      replayRole(line).some(({ event, refused }) => refused !== null && !QUIET.has(event.type))
    );
  if (kind === 'entry') return line.wrote !== undefined;
  const isIt = (message: MessageSeen): boolean => message.kind === kind;
  return line.got?.some(isIt) === true || line.sent?.some(isIt) === true;
}

function isAbout(line: TraceLine, task: string): boolean {
  if (line.what === 'move') return line.of.startsWith(task);
  if (line.what === 'note') return JSON.stringify(line.says ?? {}).includes(task);
  return line.what === 'step' && line.wrote?.some(({ data }) => data?.includes(task) === true) === true;
}
