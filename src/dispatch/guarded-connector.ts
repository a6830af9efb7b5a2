import { lookup as systemLookup } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { type AddressGuard, judgeAddress } from './address-guard.ts';
import { hostRefusal } from './callback-url.ts';
import { ConnectFailure, connectFailure } from './connect-failure.ts';
import { guardedLookup, type Lookup, sharedLookup } from './guarded-lookup.ts';

/** How long a silent connection stands before TCP itself probes it. */
const TCP_KEEP_ALIVE_MS = 60_000;

export interface Connecting {
  /** Ends it at any stage. The callback still comes, once, with an error. */
  abort(failure: ConnectFailure): void;
}

export type GuardedConnector = (options: buildConnector.Options, callback: buildConnector.Callback) => Connecting;

/**
 * Makes connections for undici, through the guard three times: a literal host before anything else (it is never looked up, so a
 * guard in the lookup alone would miss it), each address that a name resolves to, and the peer of the connected socket before a
 * byte is written to it.
 *
 * No deadline here: the attempt has it and calls `abort`.
 */
export function createGuardedConnector(options: {
  readonly guard: AddressGuard;
  readonly lookup?: Lookup;
  /** Certificates to trust instead of the system's. */
  readonly ca?: string;
}): GuardedConnector {
  const { guard } = options;
  const lookup = sharedLookup(options.lookup ?? (systemLookup as Lookup));
  // Only for the TLS layer, over a socket that was judged: SNI, ALPN and a bounded cache of sessions. HTTP/1.1 alone.
  const secure = buildConnector({
    allowH2: false,
    timeout: 0,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });

  return (target, callback) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    const { hostname } = target;
    let done = false;
    const finish = (result: Socket | ConnectFailure): void => {
      const late = done;
      done = true;
      if (result instanceof ConnectFailure) {
        if (!late) callback(result, null);
      } else if (late) {
        result.destroy();
      } else {
        callback(null, result);
      }
    };

    const refusal = hostRefusal(hostname, port, guard.rules());
    if (refusal !== null) {
      // Later, as every other answer: undici sets its state after this call.
      queueMicrotask(() => finish(new ConnectFailure('blocked_address', `${hostname} port ${port}: ${refusal}`)));
      return { abort: () => {} };
    }

    const tcp = connect({
      host: hostname,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      ...(isIP(hostname) === 0 ? { lookup: guardedLookup(lookup, guard, port) } : {}),
    });
    let inTls = false;
    tcp.on('error', (error) => finish(inTls ? tlsFailure(error) : connectFailure(error)));
    tcp.once('close', () => {
      if (!done) finish(new ConnectFailure(inTls ? 'tls_failed' : 'connect_failed', 'closed while connecting'));
    });
    tcp.once('connect', () => {
      const judgement = judgeAddress(tcp.remoteAddress ?? '', tcp.remotePort ?? port, guard.rules());
      if (!judgement.allowed) {
        tcp.destroy(new ConnectFailure('blocked_address', `connected to ${tcp.remoteAddress}: ${judgement.reason}`));
        return;
      }
      if (target.protocol !== 'https:') {
        finish(tcp);
        return;
      }
      inTls = true;
      secure({ ...target, httpSocket: tcp }, (error, socket) => {
        if (error === null) finish(socket);
        else {
          finish(tlsFailure(error));
          tcp.destroy();
        }
      });
    });
    return {
      abort(failure) {
        finish(failure);
        tcp.destroy();
      },
    };
  };
}

const tlsFailure = (error: Error): ConnectFailure =>
  error instanceof ConnectFailure ? error : new ConnectFailure('tls_failed', error.message, error);
