import type { ComponentChildren } from 'preact';

/** Where there is nothing to show: why, and what one may do about it. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
