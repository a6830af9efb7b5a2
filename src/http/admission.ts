import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { type ApiError, apiError } from './api-error.ts';
import { HEADERS_MAX, URL_CHARS_MAX } from './limits.ts';

/**
 * Who may ask at all, decided before anything is routed or read.
 *
 * With a token, who has it may. It never comes by itself from a browser (no cookie), so nothing else needs a look.
 *
 * Without one (loopback), whoever reaches the port may; but a web page in this machine's browser reaches it too:
 * - DNS rebinding: evil.example, suddenly resolving to 127.0.0.1, would be "same origin" with us. Its requests still carry
 *   `Host: evil.example`, so a Host must be a loopback name or address, or the address that is bound.
 * - Cross-site requests: a page may send GET and simple POSTs anywhere without asking. Browsers put `Origin` on such POSTs; one
 *   that is not our own is refused. And a body must be application/json (json-parser.ts), which no form can send and for which
 *   a script must ask first (preflight): we never answer a preflight with CORS headers.
 */
export interface AdmissionOptions {
  readonly token: string | null;
  /** More names that a Host may have, where no token is set. */
  readonly hostNames: readonly string[];
}

export interface ArrivedRequest {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

export interface Admission {
  /** Bounds of the head; holds for every path. */
  refuseHead(request: ArrivedRequest): ApiError | null;
  refuse(request: ArrivedRequest): ApiError | null;
  /** The address that the server is bound to, once it is. */
  bound(host: string): void;
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');
const BEARER = /^Bearer +([^ ]+) *$/i;
/** Host headers found good, so that they are read once; clients use one or two. */
const HOSTS_REMEMBERED_MAX = 64;

export function createAdmission({ token, hostNames }: AdmissionOptions): Admission {
  const expected = token === null ? null : sha256(token);
  const names = new Set(hostNames.map((name) => name.toLowerCase()));
  const goodHosts = new Set<string>();
  let anyHost = false;

  function refuseToken(authorization: string | undefined, digest: Buffer): ApiError | null {
    const [, given] = BEARER.exec(authorization ?? '') ?? [];
    // Digests have one length, so the comparison tells nothing about the token, not even that.
    if (given !== undefined && timingSafeEqual(sha256(given), digest)) return null;
    const detail = given === undefined ? 'the request has no bearer token' : 'the token is not the right one';
    return { ...apiError('unauthorized', detail), headers: { 'www-authenticate': 'Bearer realm="xcron"' } };
  }

  function refuseHost(host: string | undefined): ApiError | null {
    if (anyHost || (host !== undefined && goodHosts.has(host))) return null;
    const name = host === undefined ? null : hostName(host);
    if (name === null || !(isLoopbackName(name) || names.has(name))) {
      return apiError(
        'host_refused',
        'the Host header names neither loopback nor the address that the node listens on',
      );
    }
    if (goodHosts.size < HOSTS_REMEMBERED_MAX) goodHosts.add(host ?? '');
    return null;
  }

  return {
    bound(host) {
      names.add(host.toLowerCase());
      // Bound to every address without a token, by --insecure-open: any name may be the right one, and the port is open anyway.
      anyHost = host === '0.0.0.0' || host === '::';
    },
    refuseHead({ url = '', rawHeaders }) {
      if (url.length > URL_CHARS_MAX) {
        return apiError('url_too_long', `${url.length} characters; at most ${URL_CHARS_MAX} are allowed`);
      }
      // Names and values alternate.
      if (rawHeaders.length > HEADERS_MAX * 2) {
        return apiError('head_too_large', `more than ${HEADERS_MAX} headers, which are allowed`);
      }
      return null;
    },
    refuse({ headers }) {
      if (expected !== null) return refuseToken(headers.authorization, expected);
      return refuseHost(headers.host) ?? refuseOrigin(headers.origin, headers.host);
    },
  };
}

function refuseOrigin(origin: string | undefined, host: string | undefined): ApiError | null {
  if (origin === undefined) return null;
  const [scheme, authority] = origin.toLowerCase().split('://');
  if ((scheme === 'http' || scheme === 'https') && authority === host?.toLowerCase()) return null;
  return apiError('origin_refused', 'the Origin header names another site than the Host header');
}

/** Without port and brackets; null for what is no host. */
function hostName(host: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '') ?? null;
}

function isLoopbackName(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return (isIPv4(name) && name.startsWith('127.')) || (isIPv6(name) && name === '::1');
}
