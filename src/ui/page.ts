import { type Client, createClient } from './api/client.ts';
import { createSession, type Session, type TokenStorage } from './api/session.ts';
import { createLiveEvents, type LiveEvents } from './live/live-events.ts';

/** What every page has: a way to the node, and who is signed in. */
export interface Page {
  readonly client: Client;
  readonly session: Session;
  /** Where the node's paths start. */
  readonly base: string;
  /** What happens, for all parts of the page. */
  readonly events: LiveEvents;
}

export function openPage(address: string): Page {
  const session = createSession(tabStorage());
  // Without the part behind `#`, and without the page's own name: what is left ends with a slash.
  const base = new URL('./', address).href;
  const client = createClient({
    base,
    token: session.token,
    signedOut: session.refused,
  });
  const events = createLiveEvents({
    client,
    later(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    isSeen: () => !document.hidden,
  });
  document.addEventListener('visibilitychange', events.look);
  return { client, session, base, events };
}

/** Where a browser forbids storage, already naming it throws. */
function tabStorage(): TokenStorage {
  try {
    return sessionStorage;
  } catch {
    return { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  }
}
