/** The two ways in which a task did not get through: its target would not have it, or nobody was there to send it. */
const LISTS = [
  ['failed', 'Failed', '#/failed'],
  ['missed', 'Missed', '#/missed'],
] as const;

export function WhatWentWrong({ current }: { readonly current: 'failed' | 'missed' }) {
  return (
    <nav aria-label="What went wrong">
      <ul class="list-tabs">
        {LISTS.map(([list, title, href]) => (
          <li key={list}>
            <a href={href} aria-current={list === current ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
