import { isIPv4, isIPv6 } from 'node:net';
import { invariant } from '../invariant.ts';

/**
 * An IPv6 address can carry an IPv4 address that some host on the way will send to. A guard that looks at the outer form only
 * is walked around with `[::ffff:127.0.0.1]` or, behind a NAT64, with `[64:ff9b::a9fe:a9fe]`.
 */

/** The sixteen bytes of an IPv6 address without zone. */
export function ipv6Bytes(address: string): readonly number[] {
  invariant(isIPv6(address) && !address.includes('%'), 'I10', `not an IPv6 address: ${address}`);
  const dotted = address.lastIndexOf('.') > 0 ? address.slice(address.lastIndexOf(':') + 1) : null;
  const hex = dotted === null ? address : address.slice(0, -dotted.length) + groupsOfIpv4(dotted);
  const [head = '', tail] = hex.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = new Array<number>(8 - left.length - right.length).fill(0);
  return [...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 0xff]);
}

const groups = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));

function groupsOfIpv4(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

type Unwrap = (bytes: readonly number[]) => string | null;

const at = (bytes: readonly number[], ...positions: number[]): string =>
  positions.map((position) => bytes[position] ?? 0).join('.');

const startsWith = (bytes: readonly number[], ...prefix: number[]): boolean =>
  prefix.every((byte, index) => bytes[index] === byte);

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** IPv4-mapped (RFC 4291 §2.5.5.2): not a wrapper but the same address in another spelling. */
const mapped: Unwrap = (bytes) => (startsWith(bytes, ...zeros(10), 0xff, 0xff) ? at(bytes, 12, 13, 14, 15) : null);

const NAT64_LOCAL = [0, 0x64, 0xff, 0x9b, 0, 1];
const notZero = (address: string): string | null => (address === '0.0.0.0' ? null : address);

const WRAPPERS: readonly Unwrap[] = [
  // IPv4-compatible (RFC 4291 §2.5.5.1); `::` and `::1` are addresses of their own.
  (bytes) => (startsWith(bytes, ...zeros(12)) && !startsWith(bytes, ...zeros(15)) ? at(bytes, 12, 13, 14, 15) : null),
  // IPv4-translated (RFC 2765 §2.1)
  (bytes) => (startsWith(bytes, ...zeros(8), 0xff, 0xff, 0, 0) ? at(bytes, 12, 13, 14, 15) : null),
  // NAT64, the well-known prefix (RFC 6052 §2.1)
  (bytes) => (startsWith(bytes, 0, 0x64, 0xff, 0x9b, ...zeros(8)) ? at(bytes, 12, 13, 14, 15) : null),
  // NAT64, local use 64:ff9b:1::/48 (RFC 8215). How long the site's prefix is, and so where the bytes are, cannot be seen
  // (RFC 6052 §2.2): the two ends of the range, where there is anything.
  (bytes) => (startsWith(bytes, ...NAT64_LOCAL) ? notZero(at(bytes, 12, 13, 14, 15)) : null),
  (bytes) => (startsWith(bytes, ...NAT64_LOCAL) ? notZero(at(bytes, 6, 7, 9, 10)) : null),
  // 6to4 (RFC 3056 §2)
  (bytes) => (startsWith(bytes, 0x20, 0x02) ? at(bytes, 2, 3, 4, 5) : null),
  // Teredo (RFC 4380 §4): the server, and the client with every bit turned
  (bytes) => (startsWith(bytes, 0x20, 0x01, 0, 0) ? at(bytes, 4, 5, 6, 7) : null),
  (bytes) =>
    startsWith(bytes, 0x20, 0x01, 0, 0)
      ? at(
          bytes.map((byte) => byte ^ 0xff),
          12,
          13,
          14,
          15,
        )
      : null,
  // ISATAP (RFC 5214 §6.1), with the universal bit set or not
  (bytes) =>
    ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
      ? at(bytes, 12, 13, 14, 15)
      : null,
];

/** The address in its plain spelling first, then every IPv4 address it carries. Each must be allowed. */
export function addressesToJudge(address: string): readonly string[] {
  if (isIPv4(address)) return [address];
  const [bare = address] = address.split('%');
  const bytes = ipv6Bytes(bare);
  const same = mapped(bytes);
  if (same !== null) return [same];
  return [bare, ...WRAPPERS.map((unwrap) => unwrap(bytes)).filter((inner) => inner !== null)];
}
