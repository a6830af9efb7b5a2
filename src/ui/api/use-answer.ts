import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Client, Query, Read } from './client.ts';
import { printQuery } from './client.ts';
import type { Problem } from './problem.ts';

/** What the node answers to a question, kept new while it is shown. */
export interface Answered<T> {
  /** The newest answer; it stays while a later question is under way or fails. Null until the first one. */
  readonly value: T | null;
  /** Why there is no newer one. */
  readonly problem: Problem | null;
  /** The answer is to this very question, not to one before. */
  readonly current: boolean;
  reload(): void;
}

interface State<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly question: string | null;
}

/** A node that is away may be back soon. */
const FAILED_AGAIN_MS = 2_000;

/** Asks when the question changes, and every so often; not while nobody looks. `read` is one function, not one a call. */
export function useAnswer<T>(
  client: Client,
  path: string | null,
  query: Query,
  everyMs: number,
  read?: Read<T>,
): Answered<T> {
  const question = path === null ? null : path + printQuery(query);
  const [state, setState] = useState<State<T>>({ value: null, problem: null, question: null });
  const ask = useRef<() => void>(() => {});

  useEffect(() => {
    if (question === null) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    const look = async (): Promise<void> => {
      clearTimeout(timer);
      if (asking) return;
      asking = true;
      const told = await client.get<T>(question, {}, leaving.signal, read);
      asking = false;
      if (leaving.signal.aborted) return;
      setState((before) =>
        told.ok
          ? { value: told.value, problem: null, question }
          : { value: before.value, problem: told.problem, question: before.question },
      );
      if (everyMs > 0) timer = setTimeout(lookIfSeen, told.ok ? everyMs : Math.min(everyMs, FAILED_AGAIN_MS));
    };
    const lookIfSeen = (): void => {
      if (!document.hidden) void look();
    };
    ask.current = () => void look();
    document.addEventListener('visibilitychange', lookIfSeen);
    void look();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', lookIfSeen);
    };
  }, [client, question, everyMs, read]);

  const reload = useCallback(() => ask.current(), []);
  return { value: state.value, problem: state.problem, current: state.question === question, reload };
}
