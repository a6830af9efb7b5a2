import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { invariant } from '../invariant.ts';
import type { Admission } from './admission.ts';
import type { AnswerText } from './answer-text.ts';
import { type Answering, answer } from './answering.ts';
import type { DirectRoute } from './direct-route.ts';
import { parseJsonBody } from './json-body.ts';
import { type Answer, isStreamed, type StreamedAnswer } from './operation.ts';
import { beginsWith, type PlainHead, readPlainHead } from './plain-head.ts';

/**
 * Connections whose requests are as plain as can be: POST to a fixed path, known headers, the whole of it in one read. Such a request
 * is admitted, checked and answered by the same code as any other, without a request object, a response object and a parser for each:
 * 6 µs of 30. At the first that is anything else, also one that is to be refused, the connection and all its bytes go to node:http,
 * for good: every refusal is told in one place.
 */
export interface DirectConnections {
  take(socket: Socket): void;
  /** Silent ones go to node:http, which gives them their time to speak; those that idle longer than is kept are ended. */
  look(): void;
  /** While closing: those without a request in hand. */
  closeIdle(): void;
  closeAll(): void;
}

export interface DirectOptions extends Answering {
  /** By path, the base path included. */
  readonly routes: ReadonlyMap<string, DirectRoute>;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly keepAliveMs: number;
  readonly answerText: AnswerText;
  readonly isClosing: () => boolean;
  /** What node:http does with a new connection. */
  readonly toHttp: (socket: Socket) => void;
}

interface Held {
  readonly socket: Socket;
  /** Null while a request is in hand. */
  idleSinceMs: number | null;
  silent: boolean;
  handOver(): void;
}

const NOTHING: Readonly<Record<string, string>> = {};

export function createDirectConnections(options: DirectOptions): DirectConnections {
  const { clock, keepAliveMs } = options;
  const held = new Set<Held>();

  return {
    take: (socket) => hold(socket, held, options),
    look() {
      const nowMs = clock.monotonicMs();
      for (const one of held) {
        if (one.silent) one.handOver();
        else if (one.idleSinceMs !== null && nowMs - one.idleSinceMs > keepAliveMs) one.socket.destroy();
      }
    },
    closeIdle() {
      for (const one of held) {
        if (one.silent) one.handOver();
        else if (one.idleSinceMs !== null) one.socket.destroy();
      }
    },
    closeAll() {
      for (const { socket } of held) socket.destroy();
    },
  };
}

function hold(socket: Socket, held: Set<Held>, options: DirectOptions): void {
  const { routes, admission, clock, answerText, isClosing, toHttp } = options;
  /** The head that was judged last, and the route that it leads to. */
  let head: PlainHead | null = null;
  let route: DirectRoute | undefined;
  /** What came before the answer to the request ahead of it. */
  let early: Buffer | null = null;

  const one: Held = { socket, idleSinceMs: clock.monotonicMs(), silent: true, handOver: () => handOver(null) };

  function handOver(received: Buffer | null): void {
    held.delete(one);
    socket.off('data', take).off('end', end).off('error', ignore).off('close', forget);
    if (received !== null) socket.unshift(received);
    toHttp(socket);
    socket.resume();
  }

  function judged(received: Buffer): boolean {
    head = readPlainHead(received);
    route = head === null ? undefined : routes.get(head.path);
    if (head === null || route === undefined) return false;
    const asked = { url: head.path, headers: head.headers, rawHeaders: head.rawHeaders };
    return (admission.refuseHead(asked) ?? admission.refuse(asked)) === null;
  }

  /** False: not taken, and nothing done. */
  function serve(received: Buffer): boolean {
    if (isClosing() || !socket.writable || socket.writableLength > 0) return false;
    if ((head === null || !beginsWith(received, head.bytes)) && !judged(received)) return false;
    if (head === null || route === undefined || received.length !== head.bytes.length + head.bodyBytes) return false;
    const json = parseJsonBody(received.subarray(head.bytes.length));
    if (!json.ok || !route.fits(json.value.value)) return false;
    one.silent = false;
    one.idleSinceMs = null;
    const request = { params: NOTHING, query: NOTHING, headers: head.headers, json: json.value };
    answer(route.operation, request, options, tell);
    return true;
  }

  function take(received: Buffer): void {
    if (one.idleSinceMs === null) {
      // The next request before the answer: it waits here, and the rest of it in the socket.
      early = early === null ? received : Buffer.concat([early, received]);
      socket.pause();
    } else if (!serve(received)) handOver(received);
  }

  function tell(told: Answer | StreamedAnswer): void {
    invariant(!isStreamed(told), 'I10', 'what is asked directly is answered in one');
    one.idleSinceMs = clock.monotonicMs();
    if (!socket.writable) return;
    const closing = isClosing();
    socket.write(answerText(told, closing));
    if (closing) socket.end();
    else if (early !== null) handOver(early);
  }

  // As node:http does: who ends its side gets no answer to what is in hand.
  const end = (): void => void socket.end();
  const ignore = (): void => {};
  const forget = (): void => void held.delete(one);

  held.add(one);
  socket.on('data', take).on('end', end).on('error', ignore).on('close', forget);
}
