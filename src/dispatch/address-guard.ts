import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../clock.ts';
import { ok, type Result, refused } from '../result.ts';
import { addressesToJudge } from './embedded-ipv4.ts';

/**
 * Which addresses a callback may reach. Whoever may create a task decides where this node connects to, from inside its network:
 * without a guard that is a way to a cloud's metadata, to what listens on loopback only, and to xcron itself.
 *
 * Order of the rules, first that applies decides:
 *   1. the cluster's own HTTP ports: denied (lists of addresses say nothing about ports)
 *   2. `deny`   3. `allow`   4. the defaults below   5. everything else, private ranges too: allowed
 * An address that carries others inside (NAT64, 6to4 …) is allowed when each of them is.
 */

export type AddressJudgement = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** A wildcard host (`0.0.0.0`, `::`) stands for every address of this machine. Names are compared as names. */
export interface OwnAddress {
  readonly host: string;
  readonly port: number;
}

export interface AddressRules {
  readonly allowLoopback: boolean;
  readonly allow: CidrList;
  readonly deny: CidrList;
  readonly own: readonly OwnAddress[];
  /** Of this machine's interfaces: what a wildcard in `own` stands for. */
  readonly localAddresses: readonly string[];
}

export interface CidrList {
  includes(address: string): boolean;
}

export const OWN_PORT = "one of the cluster's own HTTP ports";

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

const DEFAULTS: readonly (readonly [reason: string, ...cidrs: string[]])[] = [
  // Metadata first: the reason should say what was reached for.
  ['cloud metadata', '169.254.169.254/32', '169.254.170.2/32', 'fd00:ec2::254/128', 'fd20:ce::254/128'],
  ['cloud metadata', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
  ['link-local', '169.254.0.0/16', 'fe80::/10'],
  // All of 0/8: Linux routes 0.0.0.0 to itself (RFC 1122 §3.2.1.3 "this host on this network").
  ['unspecified', '0.0.0.0/8', '::/128'],
  ['multicast', '224.0.0.0/4', 'ff00::/8'],
  ['broadcast', '255.255.255.255/32'],
];
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export function parseCidrs(
  texts: readonly string[],
): Result<CidrList, { readonly index: number; readonly message: string }> {
  // Two lists: BlockList lets an IPv6 rule such as ::/0 match IPv4 addresses as well.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const [index, text] of texts.entries()) {
    const [address = '', bits, extra] = text.trim().split('/');
    const bitsMax = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : null;
    const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : null;
    if (bitsMax === null || prefix === null || prefix > bitsMax || extra !== undefined) {
      return refused({
        index,
        message: `${JSON.stringify(text)} is not an address or CIDR such as 10.0.0.0/8 or fd00::/8`,
      });
    }
    lists[family(address)].addSubnet(address, prefix, family(address));
  }
  return ok({ includes: (address) => lists[family(address)].check(address, family(address)) });
}

function knownCidrs(texts: readonly string[]): CidrList {
  const parsed = parseCidrs(texts);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const LOOPBACK_LIST = knownCidrs(LOOPBACK);
const DEFAULT_LISTS = DEFAULTS.map(([reason, ...cidrs]) => ({ reason, list: knownCidrs(cidrs) }));

export const isLoopback = (address: string): boolean => LOOPBACK_LIST.includes(address);

export function judgeAddress(address: string, port: number, rules: AddressRules): AddressJudgement {
  if (isIP(address) === 0) return { allowed: false, reason: 'not an IP address' };
  for (const candidate of addressesToJudge(address)) {
    const reason = refusalReason(candidate, port, rules);
    if (reason !== null) return { allowed: false, reason };
  }
  return { allowed: true };
}

function refusalReason(address: string, port: number, rules: AddressRules): string | null {
  if (rules.own.some((own) => own.port === port && isOwn(address, own.host, rules.localAddresses))) {
    return OWN_PORT;
  }
  if (rules.deny.includes(address)) return 'denied by callback_deny';
  if (rules.allow.includes(address)) return null;
  if (isLoopback(address)) return rules.allowLoopback ? null : 'loopback';
  return DEFAULT_LISTS.find(({ list }) => list.includes(address))?.reason ?? null;
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

function isOwn(address: string, ownHost: string, localAddresses: readonly string[]): boolean {
  const host = ownHost.toLowerCase();
  if (host === 'localhost') return isLoopback(address);
  if (isIP(host) === 0) return false;
  const [plain = host] = addressesToJudge(host);
  if (plain === address) return true;
  // To connect to 0.0.0.0 or :: is to connect to oneself.
  if (WILDCARDS.has(address)) return WILDCARDS.has(plain) || isLoopback(plain);
  return WILDCARDS.has(plain) && (isLoopback(address) || localAddresses.includes(address));
}

export interface AddressGuard {
  /** As they are now: own addresses and interfaces change while a node runs. */
  rules(): AddressRules;
}

/** Listing the interfaces takes 50 µs, and tasks are created by the thousand a second. */
const LOCAL_ADDRESSES_FRESH_MS = 5_000;

export function createAddressGuard(options: {
  readonly clock: Clock;
  readonly allowLoopback: boolean;
  readonly allow: CidrList;
  readonly deny: CidrList;
  readonly ownAddresses: () => readonly OwnAddress[];
}): AddressGuard {
  let local: { readonly addresses: readonly string[]; readonly atMs: number } | null = null;
  const localAddresses = (): readonly string[] => {
    const atMs = options.clock.monotonicMs();
    if (local === null || atMs - local.atMs > LOCAL_ADDRESSES_FRESH_MS) {
      const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      local = { addresses: addresses.map(({ address }) => address.split('%')[0] ?? address), atMs };
    }
    return local.addresses;
  };
  return {
    rules() {
      const own = options.ownAddresses();
      const { allowLoopback, allow, deny } = options;
      return { allowLoopback, allow, deny, own, localAddresses: own.some(hasWildcard) ? localAddresses() : [] };
    },
  };
}

const hasWildcard = ({ host }: OwnAddress): boolean => WILDCARDS.has(host);
