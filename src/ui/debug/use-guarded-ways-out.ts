import { useEffect } from 'preact/hooks';
import type { Debugger } from './debugger.ts';
import { type Leaving, leadsAway } from './leaving.ts';

/** What was watched and not saved is in this page alone: whoever leaves it by a link is asked here, and by any other way by the browser. */
export function useGuardedWaysOut(debug: Debugger, leave: (leaving: Leaving) => void): void {
  useEffect(() => {
    let isDecided = false;
    const clicked = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null;
      if (link === null || debug.unsavedLines === 0 || !leadsAway(event, link, location.href)) return;
      event.preventDefault();
      const go = (): void => {
        isDecided = true;
        location.assign(link.href);
      };
      leave({ word: 'Leave the page', go });
    };
    const unloads = (event: BeforeUnloadEvent): void => {
      if (debug.unsavedLines > 0 && !isDecided) event.preventDefault();
    };
    document.addEventListener('click', clicked);
    addEventListener('beforeunload', unloads);
    return () => {
      document.removeEventListener('click', clicked);
      removeEventListener('beforeunload', unloads);
    };
  }, [debug, leave]);
}
