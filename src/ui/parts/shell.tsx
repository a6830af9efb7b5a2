import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Session } from '../api/session.ts';
import { Header, type Section } from './header.tsx';
import { SignIn } from './sign-in.tsx';

export interface ShellProps {
  readonly session: Session;
  readonly section: Section | null;
  /** Where the window is better used whole. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** What is round every page: the header, and the way in where the node asks for a token. */
export function Shell({ session, section, wide = false, children }: ShellProps) {
  const [, redraw] = useState(0);
  useEffect(() => session.watch(() => redraw((times) => times + 1)), [session]);
  const refusal = session.refusal();
  return (
    <div class={wide ? 'wide' : undefined}>
      <button type="button" class="skip button" onClick={skip}>
        Skip to the content
      </button>
      <Header section={section} session={session} />
      <main id="content" class="content" tabIndex={-1}>
        {refusal === null ? children : <SignIn session={session} refusal={refusal} />}
      </main>
    </div>
  );
}

/** A link would change the part behind `#`, which says what page this is. */
function skip(): void {
  document.getElementById('content')?.focus();
}
