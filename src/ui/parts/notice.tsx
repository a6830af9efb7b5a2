import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/problem.ts';
import { Button } from './button.tsx';

export interface NoticeProps {
  readonly kind: 'bad' | 'warn' | 'good' | 'quiet';
  readonly title: string;
  readonly children?: ComponentChildren;
  /** Of something that happened once. What is still so goes by itself. */
  readonly onDismiss?: () => void;
}

/** Said aloud by screen readers when it appears; what went wrong at once, else when they come to it. */
export function Notice({ kind, title, children, onDismiss }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <div class="notice-title">{title}</div>
      {children === undefined ? null : <div class="quiet">{children}</div>}
      {onDismiss === undefined ? null : (
        <div class="buttons">
          <Button onClick={onDismiss}>Dismiss</Button>
        </div>
      )}
    </div>
  );
}

interface ProblemNoticeProps {
  readonly problem: Problem;
  readonly onDismiss?: () => void;
}

export function ProblemNotice({ problem, onDismiss }: ProblemNoticeProps) {
  return (
    <Notice kind="bad" title={problem.title} {...(onDismiss === undefined ? {} : { onDismiss })}>
      {problem.detail === '' ? undefined : problem.detail}
    </Notice>
  );
}
