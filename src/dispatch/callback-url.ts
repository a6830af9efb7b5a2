import { isIP } from 'node:net';
import { ok, type Result, refused } from '../result.ts';
import { type AddressRules, judgeAddress, OWN_PORT } from './address-guard.ts';

/** As it goes on the wire, percent-encoded. Proxies and servers commonly take 8 KiB of request line; 2,048 all of them. */
export const CALLBACK_URL_CHARS_MAX = 2_048;

export interface CallbackUrl {
  readonly origin: string;
  readonly protocol: 'http:' | 'https:';
  /** Without the brackets of an IPv6 literal. */
  readonly hostname: string;
  readonly port: number;
  /** Path and query. A fragment never leaves the client (RFC 9110 §4.2.5). */
  readonly path: string;
}

export interface CallbackUrlRefusal {
  readonly code:
    | 'callback_url_too_long'
    | 'callback_url_malformed'
    | 'callback_url_scheme'
    | 'callback_url_credentials'
    | 'callback_url_port'
    | 'callback_url_address';
  readonly message: string;
}

const refuse = (code: CallbackUrlRefusal['code'], message: string) => refused({ code, message });

/** Reads a URL without judging where it leads. */
export function parseCallbackUrl(text: string): Result<CallbackUrl, CallbackUrlRefusal> {
  if (text.length > CALLBACK_URL_CHARS_MAX) return tooLong(text.length);
  // The WHATWG parser drops tabs and line breaks and trims blanks: what is sent should be what was written.
  if (/[\p{Cc}\s]/u.test(text)) {
    return refuse(
      'callback_url_malformed',
      'blanks and control characters are not allowed in a URL; percent-encode them',
    );
  }
  const url = URL.parse(text);
  if (url === null) {
    return refuse('callback_url_malformed', 'not an absolute URL such as https://example.com/hook');
  }
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:') {
    return refuse('callback_url_scheme', `${protocol}// cannot be called; http:// and https:// are allowed`);
  }
  if (url.username !== '' || url.password !== '') {
    // Not repeated: it holds a secret (I11).
    return refuse(
      'callback_url_credentials',
      'a user name or password in the URL is not allowed; use an authorization header',
    );
  }
  if (url.href.length > CALLBACK_URL_CHARS_MAX) return tooLong(url.href.length);
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (port === 0) return refuse('callback_url_port', 'port 0 cannot be called; 1 to 65535 are allowed');
  const hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  return ok({ origin: url.origin, protocol, hostname, port, path: url.pathname + url.search });
}

const tooLong = (chars: number) =>
  refuse('callback_url_too_long', `${chars} characters; at most ${CALLBACK_URL_CHARS_MAX} are allowed`);

/**
 * At the creation of a task: literal hosts are judged at once, in every spelling (WHATWG turns `2130706433` and `0x7f.1` into
 * 127.0.0.1). A name is judged when it is resolved, at each connect: what it means today it need not mean then.
 */
export function checkCallbackUrl(text: string, rules: AddressRules): Result<CallbackUrl, CallbackUrlRefusal> {
  const parsed = parseCallbackUrl(text);
  if (!parsed.ok) return parsed;
  const reason = hostRefusal(parsed.value.hostname, parsed.value.port, rules);
  if (reason !== null) {
    const { hostname, port } = parsed.value;
    return refuse('callback_url_address', `${hostname} port ${port} may not be called: ${reason}`);
  }
  return parsed;
}

/** Why this host may not be called, as far as its spelling tells; null for a name that has yet to be resolved. */
export function hostRefusal(hostname: string, port: number, rules: AddressRules): string | null {
  if (isIP(hostname) !== 0) return addressRefusal(hostname, port, rules);
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (rules.own.some((own) => own.port === port && own.host.toLowerCase().replace(/\.$/, '') === name)) {
    return OWN_PORT;
  }
  // RFC 6761 §6.3: these names are loopback wherever they are looked up.
  if (name === 'localhost' || name.endsWith('.localhost')) {
    const reasons = ['127.0.0.1', '::1'].map((address) => addressRefusal(address, port, rules));
    // Either may be what listens; but our own port behind one of them is not to be reached by luck.
    if (reasons.includes(OWN_PORT)) return OWN_PORT;
    return reasons.includes(null) ? null : (reasons[0] ?? null);
  }
  return null;
}

function addressRefusal(address: string, port: number, rules: AddressRules): string | null {
  const judgement = judgeAddress(address, port, rules);
  return judgement.allowed ? null : judgement.reason;
}

/** A periodic task calls one URL for years; reading it took 2.5 µs of an attempt's 40. */
const URLS_REMEMBERED_MAX = 1_024;

export function rememberingUrlParser(): typeof parseCallbackUrl {
  const remembered = new Map<string, ReturnType<typeof parseCallbackUrl>>();
  return (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const parsed = parseCallbackUrl(text);
    // Begun anew when full: an order of use would cost what is saved.
    if (remembered.size === URLS_REMEMBERED_MAX) remembered.clear();
    remembered.set(text, parsed);
    return parsed;
  };
}
