import { isIP } from 'node:net';
import { parseDuration, printDuration } from '../http/duration.ts';
import { parseCidrs } from '../node/callback-guard.ts';
import { LOOK_AHEAD_MAX_MS } from '../node/limits.ts';
import { ok, type Result, refused } from '../result.ts';
import { zoneNamed } from '../schedule/time-zone.ts';
import { ENTRY_VERSION } from '../tasks/entry-version.ts';

export type TomlType = 'string' | 'integer' | 'boolean' | 'array';

/** How one kind of value is written, read and shown. Every source (flag, environment, file) is brought to text first. */
export interface Kind<T> {
  /** What a value may be, as it ends the sentence "allowed: …". */
  readonly allowed: string;
  readonly placeholder: string;
  readonly toml: readonly TomlType[];
  /** The refusal is the part of the text that is wrong. */
  parse(text: string): Result<T, string>;
  show(value: T): string;
}

function textKind(placeholder: string, allowed: string, isAllowed: (text: string) => boolean): Kind<string> {
  return {
    allowed,
    placeholder,
    toml: ['string'],
    parse: (text) => (isAllowed(text) ? ok(text) : refused(text)),
    show: (value) => value,
  };
}

function wholeNumber(min: number, max: number, placeholder: string, note: string): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}${note}`,
    placeholder,
    toml: ['integer', 'string'],
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? ok(value) : refused(text);
    },
    show: String,
  };
}

const PORT_MAX = 65_535;
export const port = wholeNumber(0, PORT_MAX, 'PORT', ' (0: any free port)');

export const yesOrNo: Kind<boolean> = {
  allowed: 'true or false',
  placeholder: 'true|false',
  toml: ['boolean', 'string'],
  parse: (text) => (text === 'true' || text === 'false' ? ok(text === 'true') : refused(text)),
  show: String,
};

export function oneOf<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    allowed: values.join(', '),
    placeholder: 'NAME',
    toml: ['string'],
    parse(text) {
      const found = values.find((value) => value === text);
      return found === undefined ? refused(text) : ok(found);
    },
    show: (value) => value,
  };
}

function listOf(item: Kind<string>, itemsMax: number): Kind<readonly string[]> {
  return {
    allowed: `up to ${itemsMax} of: ${item.allowed}; separated by commas`,
    placeholder: `${item.placeholder},…`,
    toml: ['array', 'string'],
    parse(text) {
      const items = text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
      const wrong = items.find((part) => !item.parse(part).ok);
      if (wrong !== undefined) return refused(wrong);
      return items.length <= itemsMax ? ok(items) : refused(`${items.length} items`);
    },
    show: (value) => (value.length === 0 ? '(none)' : value.join(',')),
  };
}

/** `all` stands for every node in NATS subjects. */
export const nodeName = textKind(
  'ID',
  '1 to 32 of a-z, 0-9 and "-", but not "all"',
  (text) => /^[a-z0-9-]{1,32}$/.test(text) && text !== 'all',
);

const PEERS_MAX = 7;
export const nodeNames = listOf(nodeName, PEERS_MAX);

/** Stands in NATS subjects as one token. */
export const clusterName = textKind('NAME', '1 to 32 of a-z, 0-9 and "-"', (text) => /^[a-z0-9-]{1,32}$/.test(text));

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
export const host: Kind<string> = {
  // What looks like an IPv4 address and is none (127.0.0.256) would otherwise be looked up as a name.
  ...textKind('ADDRESS', 'an IP address or a host name of this machine', () => true),
  parse(text) {
    const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
    if (isIP(bare) !== 0) return ok(bare);
    return HOST_NAME.test(text) && !/^[\d.]+$/.test(text) ? ok(text) : refused(text);
  },
};

const HOST_NAMES_MAX = 32;
export const hostNames = listOf(host, HOST_NAMES_MAX);

export const basePath: Kind<string> = {
  ...textKind('PATH', 'empty, or a path such as /scheduler, without a slash at its end', (text) =>
    /^(?:\/[A-Za-z0-9._~-]+){0,8}$/.test(text),
  ),
  show: (value) => (value === '' ? '(none)' : value),
};

const PATH_CHARS_MAX = 4_096;
export const path = textKind(
  'PATH',
  'a path',
  (text) => text.length > 0 && text.length <= PATH_CHARS_MAX && !text.includes('\0'),
);

export const timeZone: Kind<string> = {
  ...textKind('ZONE', 'an IANA time zone such as UTC or Europe/Berlin', () => true),
  parse(text) {
    const zone = zoneNamed(text);
    return zone === null ? refused(text) : ok(zone.name);
  },
};

/** What an Authorization header can carry (RFC 6750 §2.1 is narrower; a token made elsewhere need not be base64). */
const TOKEN_CHARS_MAX = 512;
export const token = textKind(
  'TOKEN',
  `1 to ${TOKEN_CHARS_MAX} visible ASCII characters, no spaces`,
  (text) => /^[\x21-\x7e]+$/.test(text) && text.length <= TOKEN_CHARS_MAX,
);

export const word = textKind('NAME', 'visible ASCII characters, no spaces', (text) =>
  /^[\x21-\x7e]{1,256}$/.test(text),
);

/** As long as what it makes cannot be guessed (RFC 2104 §3 asks for the length of the hash). */
export const clusterSecret = textKind(
  'SECRET',
  `16 to ${TOKEN_CHARS_MAX} visible ASCII characters, no spaces; 32 random ones are good`,
  (text) => /^[\x21-\x7e]{16,}$/.test(text) && text.length <= TOKEN_CHARS_MAX,
);

export const nkeySeed = textKind('SEED', 'the seed of a user’s nkey: SU and 56 more of A-Z and 2-7', (text) =>
  /^SU[A-Z2-7]{56}$/.test(text),
);

export const featureLevel = wholeNumber(1, ENTRY_VERSION, 'N', '');

/** As the API writes durations. */
const durationUpTo = (maxMs: number): Kind<number> => ({
  allowed: `0s to ${printDuration(maxMs)}, such as 500ms or 2s`,
  placeholder: 'DURATION',
  toml: ['string'],
  parse(text) {
    const ms = parseDuration(text);
    return ms !== null && ms <= maxMs ? ok(ms) : refused(text);
  },
  show: printDuration,
});

export const lookAhead = durationUpTo(LOOK_AHEAD_MAX_MS);

const NATS_SERVERS_MAX = 16;
/** Without user and password: those would stand in the command line, and in what the node says of its servers (I11). */
const isNatsUrl = (text: string): boolean => {
  const url = URL.parse(/^[a-z]+:\/\//.test(text) ? text : `nats://${text}`);
  if (url === null || !/^(?:nats|tls):$/.test(url.protocol) || url.hostname === '') return false;
  return (
    url.username === '' && url.password === '' && url.search === '' && url.hash === '' && /^\/?$/.test(url.pathname)
  );
};
export const natsUrls = listOf(
  textKind(
    'URL',
    'a URL such as nats://127.0.0.1:4222 or tls://nats.example:4222, without user and password',
    isNatsUrl,
  ),
  NATS_SERVERS_MAX,
);

/** Read by the guard's own parser: what is accepted here is what it understands. */
const isCidr = (text: string): boolean => parseCidrs([text]).ok;

const CIDRS_MAX = 256;
export const cidrs = listOf(textKind('CIDR', 'an address or CIDR such as 10.0.0.0/8 or fd00::/8', isCidr), CIDRS_MAX);
