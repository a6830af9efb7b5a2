import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent, LiveEvents, LiveState } from './live-events.ts';

/**
 * Asks anew when something happened that what is shown depends on: soon after the first such event, and then no more often than
 * `everyMs`, however many come. A gap is such an event.
 */
export function useReloadOn(
  events: LiveEvents,
  matters: (event: LiveEvent) => boolean,
  reload: () => void,
  everyMs = 1_000,
): void {
  const latest = useRef({ matters, reload });
  latest.current = { matters, reload };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let notBeforeMs = 0;
    const soon = (): void => {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          notBeforeMs = performance.now() + everyMs;
          latest.current.reload();
        },
        Math.max(SOON_MS, notBeforeMs - performance.now()),
      );
    };
    const stop = events.listen({
      event(event) {
        if (event.kind === 'gap' || latest.current.matters(event)) soon();
      },
      // Before the stream began something may have happened; and where it broke off, the question finds out why.
      state(state) {
        if (state === 'live' || state === 'broken') soon();
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [events, everyMs]);
}

/** What belongs together comes together. */
const SOON_MS = 50;

export function useLiveState(events: LiveEvents): LiveState {
  const [state, setState] = useState(events.state);
  useEffect(() => {
    setState(events.state);
    return events.listen({ event() {}, state: setState });
  }, [events]);
  return state;
}
