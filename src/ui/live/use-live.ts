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
    const stop = events.listen({
      event(event) {
        if (timer !== undefined || (event.kind !== 'gap' && !latest.current.matters(event))) return;
        timer = setTimeout(
          () => {
            timer = undefined;
            notBeforeMs = performance.now() + everyMs;
            latest.current.reload();
          },
          Math.max(SOON_MS, notBeforeMs - performance.now()),
        );
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
