import { setTimeout as delay } from 'node:timers/promises';
import { createServerSentEventReader, type ServerSentEvent } from '../server-sent-events.ts';
import { type ApiClient, createApiClient, type Failure } from './api-client.ts';
import { EXIT } from './exit-code.ts';
import { member, text } from './task-answer.ts';

/** Follows the events of a cluster: when a node ends, or its connection breaks, at the next one, behind the last id. */
export interface FollowingOptions {
  readonly servers: FollowedServers;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** An id, `oldest`, or null: from now on. */
  readonly after: string | null;
  readonly signal: AbortSignal;
  readonly event: (event: ServerSentEvent) => void;
  /** Resolves when what was told is written: until then no more is read, and the node waits. */
  readonly written: () => Promise<void>;
  /** About the following itself. */
  readonly note: (text: string) => void;
}

/** Between two rounds over all nodes, none of which answered. */
const ROUND_PAUSE_MS = 1_000;
/** A node that has just begun may not have heard yet where the others are; later, some come and go. */
const LEARN_AGAIN_MS = 500;
const LEARN_WHOLE_AGAIN_MS = 30_000;

/** Null when it was told to end; else why there is nothing to follow. */
export async function followEvents(options: FollowingOptions): Promise<Failure | null> {
  const { servers, signal, note } = options;
  let lastId = options.after;
  let hasFollowed = false;
  let failedInARow = 0;
  while (!signal.aborted) {
    const client = servers.current;
    const opened = await client.open(pathOf(options.query, lastId), signal);
    if (signal.aborted) return null;
    if (opened.ok) {
      if (hasFollowed) note(`goes on at ${client.server}`);
      hasFollowed = true;
      failedInARow = 0;
      const over = new AbortController();
      void servers.keepLearning(client, over.signal);
      lastId = await readAll(opened.body, lastId, options);
      over.abort();
      if (!signal.aborted) note(`${client.server} ended the events`);
    } else {
      if (opened.exit !== EXIT.unavailable) return opened;
      failedInARow += 1;
      if (failedInARow >= servers.count) {
        if (!hasFollowed) return opened;
        await delay(ROUND_PAUSE_MS, undefined, { signal }).catch(() => {});
      }
    }
    servers.next();
  }
  return null;
}

function pathOf(query: FollowingOptions['query'], after: string | null): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, after: after ?? undefined })) {
    if (value !== undefined) given.set(name, value);
  }
  return given.size === 0 ? '/v1/events' : `/v1/events?${given}`;
}

/** Until it ends, or breaks off. Resolves to the place to go on behind. */
async function readAll(
  body: AsyncIterable<Uint8Array>,
  after: string | null,
  { event, written }: FollowingOptions,
): Promise<string | null> {
  const reader = createServerSentEventReader();
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) {
      for (const told of reader.push(decoder.decode(chunk, { stream: true }))) if (told.event !== 'end') event(told);
      await written();
    }
  } catch {
    // Broken off, or silent for longer than a heartbeat takes: it is gone on with, behind what came whole.
  }
  return reader.lastId === '' ? after : reader.lastId;
}

/** The node that was named, and those that it says belong to its cluster. */
export class FollowedServers {
  readonly #token: string | null;
  readonly #isSecure: boolean;
  #clients: readonly ApiClient[];
  #at = 0;

  constructor(named: ApiClient) {
    this.#clients = [named];
    this.#token = named.token;
    this.#isSecure = named.server.startsWith('https:');
  }

  get current(): ApiClient {
    return this.#clients[this.#at] as ApiClient;
  }
  get count(): number {
    return this.#clients.length;
  }
  next(): void {
    this.#at = (this.#at + 1) % this.#clients.length;
  }

  async keepLearning(client: ApiClient, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const isWhole = await this.#learn(client);
      await delay(isWhole ? LEARN_WHOLE_AGAIN_MS : LEARN_AGAIN_MS, undefined, { signal: over, ref: false }).catch(
        () => {},
      );
    }
  }

  /** Whether it knows where all members are. */
  async #learn(client: ApiClient): Promise<boolean> {
    const answer = await client.send({ method: 'GET', path: '/v1/cluster' });
    const members = answer.ok ? member(answer.json, 'members') : null;
    const urls = Array.isArray(members) ? members.map((one) => text(one, 'http_url').replace(/\/+$/, '')) : [];
    // The token crosses no wire in the open that it did not cross already.
    const isFit = (url: string): boolean => /^https?:\/\//.test(url) && (!this.#isSecure || url.startsWith('https:'));
    const others = urls.filter((url) => isFit(url) && !this.#clients.some(({ server }) => server === url));
    this.#clients = [...this.#clients, ...others.map((server) => createApiClient({ server, token: this.#token }))];
    return urls.length > 0 && urls.every((url) => url !== '');
  }
}
