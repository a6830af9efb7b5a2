import { connect, Events, type NatsConnection, type Subscription } from 'nats';
import type { Clock, Timer } from '../clock.ts';
import { ASK_READ_BYTES, CLOSE_FLUSH_MS, FRAME_BYTES_MAX, RECONNECT_WAIT_MS, UNREAD_BYTES_MAX } from './limits.ts';
import { connectionOptions, type NatsAccess } from './nats-access.ts';

/** One connection to NATS that never gives up: found again when it is lost, from the first attempt on. */
export interface WireOptions {
  readonly access: NatsAccess;
  /** As the server's monitoring shows it. */
  readonly name: string;
  readonly clock: Clock;
  readonly subjects: readonly string[];
  readonly take: (subject: string, data: Uint8Array) => void;
  readonly connected: (server: string) => void;
  /** What was sent lately may be lost. */
  readonly disconnected: (why: string) => void;
  /** The server does not let this node say, or hear, what it wants to. */
  readonly refused: (what: string) => void;
  /** Whoever takes messages threw: a bug, after which the node is not to be trusted. */
  readonly failed: (error: Error) => void;
}

/** Why a message did not leave. */
export type NotSent = 'disconnected' | 'too-large' | 'unread';

export class Wire {
  readonly #options: WireOptions;
  #connection: NatsConnection | null = null;
  #isConnected = false;
  #closing = false;
  #retry: Timer | null = null;
  /** Why it is not connected, as it was last said. */
  #why = 'not connected yet';
  /** What the server does not let it hear, on this connection. */
  #deafTo: string | null = null;
  /** Published, and not known to have been read by the server. */
  #unreadBytes = 0;
  #asking = false;
  #leaving: Promise<void> | null = null;

  constructor(options: WireOptions) {
    this.#options = options;
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Why others cannot be heard or reached; null while nothing is known to be wrong. */
  get trouble(): string | null {
    if (this.#deafTo !== null) return `the NATS server does not let this node listen to ${this.#deafTo}`;
    return this.#isConnected ? null : `no NATS server among ${this.#options.access.servers.join(', ')} (${this.#why})`;
  }

  /** Null: it is on its way. */
  publish(subject: string, frame: Uint8Array): NotSent | null {
    const connection = this.#connection;
    // The client would take it, and forget it without a word.
    if (connection === null || !this.#isConnected || connection.isClosed()) return 'disconnected';
    if (frame.length > Math.min(FRAME_BYTES_MAX, connection.info?.max_payload ?? FRAME_BYTES_MAX)) return 'too-large';
    if (this.#unreadBytes + frame.length > UNREAD_BYTES_MAX) return 'unread';
    connection.publish(subject, frame);
    this.#unreadBytes += frame.length;
    if (this.#unreadBytes >= ASK_READ_BYTES && !this.#asking) this.#askWhatIsRead(connection);
    // The client writes to the socket in a microtask that it queued just now, or before: this one comes after it.
    this.#leaving ??= Promise.resolve().then(() => {
      this.#leaving = null;
    });
    return null;
  }

  /** Null when everything that was published is with the socket already. */
  get leaving(): Promise<void> | null {
    return this.#leaving;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#retry?.cancel();
    const connection = this.#connection;
    if (connection === null) return;
    if (this.#isConnected) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = this.#options.clock.setTimer(CLOSE_FLUSH_MS, resolve);
      await Promise.race([connection.flush().catch(() => {}), late]);
      timer.cancel();
    }
    await connection.close();
  }

  /** The server reads in order, so its answer covers all that was published before it was asked. */
  #askWhatIsRead(connection: NatsConnection): void {
    this.#asking = true;
    const askedBytes = this.#unreadBytes;
    connection.flush().then(
      () => {
        this.#asking = false;
        // After a reconnection, what was unread then is gone.
        this.#unreadBytes = Math.max(0, this.#unreadBytes - askedBytes);
        if (this.#unreadBytes >= ASK_READ_BYTES) this.#askWhatIsRead(connection);
      },
      () => {
        this.#asking = false;
      },
    );
  }

  async #connect(): Promise<void> {
    const { access, name, subjects } = this.#options;
    let connection: NatsConnection | null = null;
    try {
      connection = await connect(connectionOptions(access, name));
      for (const subject of subjects) this.#subscribe(connection, subject);
      // Who is connected is heard, and hears.
      await connection.flush();
    } catch (error) {
      void connection?.close();
      this.#lost(wordsOf(error));
      this.#tryAgain();
      return;
    }
    if (this.#closing) {
      await connection.close();
      return;
    }
    this.#connection = connection;
    this.#found(connection);
    void this.#follow(connection);
  }

  #tryAgain(): void {
    if (!this.#closing) this.#retry = this.#options.clock.setTimer(RECONNECT_WAIT_MS, () => void this.#connect());
  }

  #subscribe(connection: NatsConnection, subject: string): Subscription {
    const { take, failed } = this.#options;
    return connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) {
          this.#isRefused('subscription', subject);
          return;
        }
        try {
          take(message.subject, message.data);
        } catch (bug) {
          // The client would print it, read nothing more, and leave it at that.
          failed(bug instanceof Error ? bug : new Error(String(bug)));
        }
      },
    });
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === Events.Disconnect) this.#lost('the connection broke');
      else if (status.type === Events.Reconnect) this.#found(connection);
      else if (status.type === Events.Error && status.permissionContext !== undefined) {
        this.#isRefused(status.permissionContext.operation, status.permissionContext.subject);
      } else if (status.type === Events.Error) this.#why = String(status.data);
    }
    // It ends when the client has closed, by itself or because it was told to.
    this.#lost('the connection was closed');
    this.#connection = null;
    this.#tryAgain();
  }

  #isRefused(operation: string, subject: string): void {
    if (operation === 'subscription') this.#deafTo = subject;
    this.#options.refused(`${operation} ${subject}`);
  }

  #found(connection: NatsConnection): void {
    this.#unreadBytes = 0;
    this.#isConnected = true;
    this.#options.connected(connection.getServer());
  }

  #lost(why: string): void {
    const said = this.#why;
    this.#why = why;
    const was = this.#isConnected;
    this.#isConnected = false;
    this.#deafTo = null;
    this.#unreadBytes = 0;
    if (!this.#closing && (was || why !== said)) this.#options.disconnected(why);
  }
}

/** Of the client's errors the code alone: a message may show what was sent to the server. */
const wordsOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection';
