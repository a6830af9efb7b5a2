import { member, text } from './task-answer.ts';
import { printable } from './terminal.ts';

/** Said by the line's own columns, or of no use to a person. */
const SHOWN_BEFORE = new Set(['id', 'kind', 'at', 'by', 'task_id', 'execution_id', 'instance']);
/** Fits the longest kind but one. */
const KIND_CHARS = 18;
const ID_CHARS = 18;
/** Of what consensus says no time is known. */
const NO_TIME = '-'.padEnd(24);

/** One event for a person: when, what, of which task, and what it brings. */
export function eventLine(data: string): string {
  const event: unknown = JSON.parse(data);
  const at = text(event, 'at');
  const parts = [
    at === '' ? NO_TIME : printable(at),
    printable(text(event, 'kind')).padEnd(KIND_CHARS),
    (printable(text(event, 'task_id')) || '-').padEnd(ID_CHARS),
    ...details(event),
  ];
  return parts.join('  ').trimEnd();
}

function details(event: unknown): readonly string[] {
  if (typeof event !== 'object' || event === null) return [];
  return Object.keys(event)
    .filter((name) => !SHOWN_BEFORE.has(name))
    .map((name) => [name, member(event, name)] as const)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(
      ([name, value]) => `${printable(name)}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
    );
}
