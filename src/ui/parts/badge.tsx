import type { ExecutionState, TaskState } from '../api/answers.ts';

type Tone = 'good' | 'bad' | 'warn' | 'accent' | 'idle';

const TONE: Readonly<Record<TaskState | ExecutionState, Tone>> = {
  scheduled: 'accent',
  paused: 'warn',
  completed: 'idle',
  cancelled: 'idle',
  attempting: 'accent',
  waiting: 'warn',
  succeeded: 'good',
  failed: 'bad',
  skipped: 'warn',
  unknown: 'bad',
};

const WORD: Partial<Record<TaskState | ExecutionState, string>> = {
  attempting: 'sending',
  waiting: 'waiting to retry',
};

/** A state in a word; its colour says nothing that the word does not. */
export function StateBadge({ state }: { readonly state: TaskState | ExecutionState }) {
  return <Badge tone={TONE[state]}>{WORD[state] ?? state}</Badge>;
}

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}
