import type { TaskId } from '../tasks/task.ts';
import type { DeadLetter, DuePosition, MissedPlace, RunRef } from './projection.ts';

/** The orders in which the port lists things; the file's indexes have the same ones. Negative when `a` comes first. */

/** Decimal strings without leading zeros: the longer is the larger number. */
export function compareTaskIds(a: TaskId, b: TaskId): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export const compareRuns = (a: RunRef, b: RunRef): number => compareTaskIds(a.taskId, b.taskId) || a.run - b.run;

export const compareDue = (a: DuePosition, b: DuePosition): number => a.dueAtMs - b.dueAtMs || compareRuns(a, b);

export const compareDeadLetters = (a: DeadLetter, b: DeadLetter): number =>
  a.endedAtMs - b.endedAtMs || compareRuns(a, b);

export const compareMissed = (a: MissedPlace, b: MissedPlace): number =>
  a.atMs - b.atMs || compareTaskIds(a.taskId, b.taskId) || a.fromMs - b.fromMs;

/** By Unicode code point, which is the order of SQLite's UTF-8 texts (and not of JavaScript's code units). */
export const compareTexts = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Letter case aside, as far as Unicode's default mapping goes; no locale has a say. */
export const foldName = (name: string): string => name.toLowerCase();
