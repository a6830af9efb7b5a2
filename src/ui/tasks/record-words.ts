import type { RecordAnswer } from '../api/answers.ts';

/** What was done to a task, in words for a person. */
const WORDS: Readonly<Record<string, string>> = {
  TaskCreated: 'Created',
  TaskUpdated: 'Changed',
  TaskPaused: 'Paused',
  TaskResumed: 'Resumed',
  TaskCancelled: 'Cancelled',
  TaskCompleted: 'Completed: no due time is left',
  ExecutionRequested: 'Run was asked for',
};

const MISSED = 'DueTimesSkipped';

export const wordsOf = ({ type }: RecordAnswer): string =>
  WORDS[type] ?? (type === MISSED ? 'Missed: due times were passed over' : type);

export const isMissed = ({ type }: RecordAnswer): boolean => type === MISSED;
