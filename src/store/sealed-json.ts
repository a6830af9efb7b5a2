import { crc32 } from 'node:zlib';
import { formatChecksum } from './checksum.ts';

/**
 * Small records that must be believed or refused as a whole (identity, guard, base, hard state): 8 hex digits of CRC-32, a space, one
 * line of JSON. A person reads it with `cat`. The rule is the same in every format version, so that a newer format can be told from
 * damage.
 */
export function seal(record: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(record);
  return `${formatChecksum(crc32(json))} ${json}`;
}

/** Undefined when the text is not exactly what `seal` wrote. Trailing white space is padding. */
export function unseal(text: string): Readonly<Record<string, unknown>> | undefined {
  const json = text.slice(9).trimEnd();
  if (text.slice(0, 9) !== `${formatChecksum(crc32(json))} `) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
