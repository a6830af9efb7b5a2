import { isAlone } from '../alone.ts';
import type { Session } from '../api/session.ts';
import { Button } from './button.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export type Section = 'tasks' | 'failed' | 'cluster' | 'debugger';

const LINKS: readonly (readonly [section: Section, name: string, href: string])[] = [
  ['tasks', 'Tasks', './#/tasks'],
  ['failed', 'Failed', './#/failed'],
  ['cluster', 'Cluster', './#/cluster'],
  ['debugger', 'Debugger', './debug'],
];

export function Header({ section, session }: { readonly section: Section | null; readonly session: Session }) {
  return (
    <header class="header">
      <div class="header-row">
        <a class="brand" {...(isAlone ? {} : { href: './#/tasks' })}>
          <img src="./icon.svg" alt="" width="24" height="24" />
          xcron
        </a>
        <nav aria-label="Pages">
          <ul class="nav">
            {(isAlone ? [] : LINKS).map(([name, title, href]) => (
              <li key={name}>
                <a href={href} aria-current={name === section ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {!session.isSignedIn() ? null : (
          <Button kind="plain" onClick={session.signOut}>
            Sign out
          </Button>
        )}
        <ThemeSwitch />
      </div>
    </header>
  );
}
