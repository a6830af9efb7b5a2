import { type ConnectionOptions, credsAuthenticator, nkeyAuthenticator, type TlsOptions } from 'nats';
import { CONNECT_TIMEOUT_MS, PING_EVERY_MS, PINGS_UNANSWERED_MAX } from './limits.ts';
import { reconnectDelay } from './reconnecting.ts';

/** Where the servers are, and what lets a node in. Secrets are texts here, never in a log (I11). */
export interface NatsAccess {
  readonly servers: readonly string[];
  readonly credential: NatsCredential;
  /** PEM texts. Null: TLS as the server wants it, with the system's authorities. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
}

export type NatsCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'user'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'seed'; readonly seed: string }
  /** Content of a `.creds` file. */
  | { readonly kind: 'creds'; readonly creds: string };

/** The client's own defaults give up after ten attempts, wait 2 s between two, and notice a hung server after minutes. */
export function connectionOptions(access: NatsAccess, name: string): ConnectionOptions {
  const tls: TlsOptions | undefined =
    access.tls ?? (access.servers.some((server) => server.startsWith('tls://')) ? {} : undefined);
  return {
    servers: [...access.servers],
    name,
    noEcho: true,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: reconnectDelay(access.servers.length),
    pingInterval: PING_EVERY_MS,
    maxPingOut: PINGS_UNANSWERED_MAX,
    // Servers that were not named may need another way in, and were not judged when the node was configured.
    ignoreClusterUpdates: true,
    // Whoever mends the server's configuration need not restart the nodes.
    ignoreAuthErrorAbort: true,
    ...(tls === undefined ? {} : { tls }),
    ...credentialOptions(access.credential),
  };
}

function credentialOptions(credential: NatsCredential): ConnectionOptions {
  const encoder = new TextEncoder();
  switch (credential.kind) {
    case 'none':
      return {};
    case 'user':
      return { user: credential.user, pass: credential.password };
    case 'token':
      return { token: credential.token };
    case 'seed':
      return { authenticator: nkeyAuthenticator(encoder.encode(credential.seed)) };
    case 'creds':
      return { authenticator: credsAuthenticator(encoder.encode(credential.creds)) };
  }
}
