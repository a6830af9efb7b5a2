import { noToken, type Problem, signedOut, unfitToken } from './problem.ts';

/**
 * The token of this tab, and whether the node wants another one. It lives in sessionStorage: it ends with the tab, is never sent by
 * the browser by itself, and never leaves for another host (the page's content policy).
 */
export interface Session {
  token(): string | null;
  /** There is a token, and nothing is known against it. */
  isSignedIn(): boolean;
  /** Why whoever is here has to sign in; null while he does not. */
  refusal(): Problem | null;
  signIn(token: string): void;
  signOut(): void;
  refused(problem: Problem): void;
  /** Gives back how to stop. */
  watch(changed: () => void): () => void;
}

/** The part of the browser's Storage that is used. It throws where storage is forbidden. */
export interface TokenStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const TOKEN = 'xcron-token';
/** What a header can hold (RFC 9110 §5.5), without blanks (RFC 6750 §2.1): of anything else no request can be made. */
const FIT_TOKEN = /^[\x21-\x7e]+$/;

export function createSession(storage: TokenStorage): Session {
  let token: string | null = attempt(() => storage.getItem(TOKEN)) ?? null;
  let refusal: Problem | null = null;
  const watching = new Set<() => void>();
  const tell = (): void => {
    for (const changed of watching) changed();
  };
  // Kept by a page of before, or by hand.
  if (token !== null && !FIT_TOKEN.test(token)) {
    const isGiven = token.trim() !== '';
    token = null;
    if (isGiven) refusal = unfitToken();
    attempt(() => storage.removeItem(TOKEN));
  }
  const keep = (next: string | null): void => {
    token = next;
    refusal = null;
    attempt(() => (next === null ? storage.removeItem(TOKEN) : storage.setItem(TOKEN, next)));
    tell();
  };
  const refused = (problem: Problem): void => {
    refusal = problem;
    tell();
  };
  return {
    token: () => token,
    isSignedIn: () => token !== null && refusal === null,
    refusal: () => refusal,
    signIn(given) {
      const token = given.trim();
      if (FIT_TOKEN.test(token)) keep(token);
      else refused(token === '' ? noToken() : unfitToken());
    },
    signOut() {
      keep(null);
      refused(signedOut());
    },
    refused,
    watch(changed) {
      watching.add(changed);
      return () => watching.delete(changed);
    },
  };
}

/** Without storage the token is kept for as long as the page is open. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
