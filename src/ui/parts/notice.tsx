import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/problem.ts';

export interface NoticeProps {
  readonly kind: 'bad' | 'warn' | 'good' | 'quiet';
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Said aloud by screen readers when it appears; what went wrong at once, else when they come to it. */
export function Notice({ kind, title, children }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <div class="notice-title">{title}</div>
      {children === undefined ? null : <div class="quiet">{children}</div>}
    </div>
  );
}

export function ProblemNotice({ problem }: { readonly problem: Problem }) {
  return (
    <Notice kind="bad" title={problem.title}>
      {problem.detail === '' ? undefined : problem.detail}
    </Notice>
  );
}
