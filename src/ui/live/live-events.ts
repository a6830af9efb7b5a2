import { createServerSentEventReader } from '../../server-sent-events.ts';
import type { Client } from '../api/client.ts';

/**
 * What happens in the cluster, as the node tells it: one stream for all parts of a page, open while one of them listens. It goes on by
 * itself behind the last id. The browser's EventSource would do that too, but cannot show the token.
 */
export interface LiveEvents {
  readonly state: LiveState;
  /** Gives back how to stop. */
  listen(listener: LiveListener): () => void;
}

/** `off`: nobody listens, or nobody looks at the page. */
export type LiveState = 'off' | 'connecting' | 'live' | 'broken';

export interface LiveEvent {
  readonly id: string;
  /** docs/events.md; `gap`: some were passed over. */
  readonly kind: string;
  readonly at?: string | null;
  readonly task_id?: string;
  readonly [detail: string]: unknown;
}

export interface LiveListener {
  event(event: LiveEvent): void;
  state?(state: LiveState): void;
}

export interface LiveOptions {
  readonly client: Pick<Client, 'stream'>;
  /** Calls when its time has come; gives back how not to. */
  readonly later: (delayMs: number, run: () => void) => () => void;
  /** False where nobody can see the page. */
  readonly isSeen: () => boolean;
}

export const RETRY_MS_MIN = 500;
export const RETRY_MS_MAX = 15_000;
/** Three heartbeats: a node that is silent for longer is gone, whatever the socket says. */
export const SILENT_MS_MAX = 30_000;

export interface LiveStream extends LiveEvents {
  /** Whether the page is seen may have changed. */
  look(): void;
}

export function createLiveEvents({ client, later, isSeen }: LiveOptions): LiveStream {
  const listeners = new Set<LiveListener>();
  let state: LiveState = 'off';
  let lastId: string | null = null;
  let running: AbortController | null = null;
  let failures = 0;

  function become(next: LiveState): void {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener.state?.(next);
  }

  function look(): void {
    const wanted = listeners.size > 0 && isSeen();
    if (wanted && running === null) {
      running = new AbortController();
      void run(running.signal);
    } else if (!wanted && running !== null) {
      running.abort();
      running = null;
      become('off');
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      become(failures === 0 ? 'connecting' : 'broken');
      const told = await client.stream('v1/events', { after: lastId }, signal);
      if (signal.aborted) return;
      if (told.ok) await read(told.value, signal);
      // An id that another cluster gave, as after a restore: from now on, then, and what is shown is asked for anew.
      else if (told.problem.code === 'event_id_refused') passedOver();
      if (signal.aborted) return;
      failures += 1;
      become('broken');
      const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (failures - 1));
      await new Promise<void>((resolve) => {
        const forget = later(delayMs, resolve);
        signal.addEventListener('abort', () => {
          forget();
          resolve();
        });
      });
    }
  }

  function passedOver(): void {
    lastId = null;
    tell({ id: '', kind: 'gap' });
  }

  function tell(event: LiveEvent): void {
    for (const listener of listeners) listener.event(event);
  }

  async function read(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const reader = createServerSentEventReader();
    const chunks = body.getReader();
    const decoder = new TextDecoder();
    const cancel = (): void => void chunks.cancel().catch(() => {});
    signal.addEventListener('abort', cancel);
    let forget = later(SILENT_MS_MAX, cancel);
    try {
      for (;;) {
        const { value, done } = await chunks.read();
        if (done || signal.aborted) return;
        forget();
        forget = later(SILENT_MS_MAX, cancel);
        failures = 0;
        become('live');
        for (const { event, data } of reader.push(decoder.decode(value, { stream: true }))) {
          if (event !== 'end') tell(JSON.parse(data) as LiveEvent);
        }
        lastId = reader.lastId === '' ? lastId : reader.lastId;
      }
    } catch {
      // It broke off: it is gone on with behind what came whole.
    } finally {
      forget();
      signal.removeEventListener('abort', cancel);
    }
  }

  return {
    get state() {
      return state;
    },
    listen(listener) {
      listeners.add(listener);
      look();
      return () => {
        listeners.delete(listener);
        look();
      };
    },
    look,
  };
}
