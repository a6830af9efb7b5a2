import { Client } from 'undici';
import { ConnectFailure } from './connect-failure.ts';
import type { Connecting, GuardedConnector } from './guarded-connector.ts';
import type { SenderLimits } from './limits.ts';

/**
 * A pool of connections per target (origin). undici's own Pool is not used: in it a request does not belong to a connection
 * until one is free, so that a deadline or a cancel could not end the connecting that was begun for it. Here an attempt holds one
 * connection from its start to its end, undici's Client sees one request at a time (no pipelining), and what is idle is bounded
 * over all targets: calling 100,000 hosts once leaves no more than `idleConnectionsMax` behind, and after `keepAliveMs` none.
 */
export interface Connection {
  readonly origin: string;
  readonly client: Client;
  /** The live socket has carried an earlier request. */
  readonly reused: boolean;
}

export interface ConnectionPools {
  /** The one used last, which is the likeliest to be alive; else a new one, not yet connected. */
  take(origin: string): Connection;
  /** Fit for another request: its last response is complete. */
  giveBack(connection: Connection): void;
  /** Connecting, request in flight or idle: it ends here. */
  drop(connection: Connection): void;
  readonly idle: number;
  readonly open: number;
  /** Ends all. Resolves when the sockets are closed. */
  close(): Promise<void>;
}

interface Held extends Connection {
  reused: boolean;
  /** Between undici's `connect` and `disconnect`. */
  live: boolean;
  connecting: Connecting | null;
}

type PoolLimits = Pick<SenderLimits, 'idleConnectionsMax' | 'keepAliveMs' | 'responseHeadBytesMax'>;

/** Closed this long before what the target says in its Keep-Alive header, so that a request does not cross its close. */
const KEEP_ALIVE_MARGIN_MS = 2_000;

/** Reaches only attempts that are over. One for all: a stack for each dropped connection was 6 % of calling many hosts once. */
const GIVEN_UP = new ConnectFailure('connect_failed', 'given up');

export function createConnectionPools(connector: GuardedConnector, limits: PoolLimits): ConnectionPools {
  const open = new Set<Held>();
  /** In the order in which they became idle. */
  const idle = new Set<Held>();
  const idleByOrigin = new Map<string, Held[]>();
  const closing = new Set<Promise<void>>();

  function connectionTo(origin: string): Held {
    const client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: limits.keepAliveMs,
      keepAliveMaxTimeout: limits.keepAliveMs,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      maxHeaderSize: limits.responseHeadBytesMax,
      // The attempt keeps all deadlines, on the injected clock; undici's are coarse (500 ms) and know no total.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect(target, callback) {
        held.connecting = connector(target, (...result) => {
          held.connecting = null;
          callback(...result);
        });
      },
    });
    const held: Held = { origin, client, reused: false, live: false, connecting: null };
    client.on('connect', () => {
      held.live = true;
    });
    client.on('disconnect', () => {
      held.live = false;
      held.reused = false;
      if (idle.has(held)) drop(held);
    });
    open.add(held);
    return held;
  }

  function leaveIdle(held: Held): void {
    if (!idle.delete(held)) return;
    const ofOrigin = idleByOrigin.get(held.origin) ?? [];
    const at = ofOrigin.lastIndexOf(held);
    if (at >= 0) ofOrigin.splice(at, 1);
    if (ofOrigin.length === 0) idleByOrigin.delete(held.origin);
  }

  function drop(connection: Connection): void {
    const held = connection as Held;
    leaveIdle(held);
    if (!open.delete(held)) return;
    const closed = held.client.destroy(GIVEN_UP).finally(() => closing.delete(closed));
    closing.add(closed);
    // After the client is marked destroyed, which then asks for no other connection.
    held.connecting?.abort(GIVEN_UP);
  }

  return {
    take(origin) {
      const warm = idleByOrigin.get(origin)?.at(-1);
      if (warm === undefined) return connectionTo(origin);
      leaveIdle(warm);
      return warm;
    },
    giveBack(connection) {
      const held = connection as Held;
      if (!open.has(held)) return;
      // Closed with its last response already: an idle one would never hear of it again.
      if (!held.live) {
        drop(held);
        return;
      }
      held.reused = true;
      idle.add(held);
      const ofOrigin = idleByOrigin.get(held.origin);
      if (ofOrigin === undefined) idleByOrigin.set(held.origin, [held]);
      else ofOrigin.push(held);
      const [longest] = idle;
      if (idle.size > limits.idleConnectionsMax && longest !== undefined) drop(longest);
    },
    drop,
    get idle() {
      return idle.size;
    },
    get open() {
      return open.size;
    },
    async close() {
      for (const held of [...open]) drop(held);
      await Promise.all(closing);
    },
  };
}
