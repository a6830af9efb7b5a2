import type { TaskId } from './task.ts';

/**
 * 63 bits: 41 of milliseconds since 2026-01-01, 10 of group, 12 of sequence. Ids sort by creation, need no coordination beyond the
 * leader, and go on above the highest applied one, so that they stay unique when clocks go back.
 */
const EPOCH_MS = Date.UTC(2026, 0, 1);
const SEQUENCE_BITS = 12n;
const GROUP_BITS = 10n;
const SEQUENCE_MAX = (1n << SEQUENCE_BITS) - 1n;
const MS_MAX = (1n << 41n) - 1n;

export function nextTaskId(last: TaskId, nowMs: number, group: number): TaskId {
  const lastBits = BigInt(last);
  const lastMs = lastBits >> (SEQUENCE_BITS + GROUP_BITS);
  const wallMs = BigInt(Math.max(0, Math.floor(nowMs) - EPOCH_MS));
  let ms = wallMs;
  let sequence = 0n;
  if (lastBits !== 0n && lastMs >= wallMs) {
    ms = lastMs;
    sequence = (lastBits & SEQUENCE_MAX) + 1n;
    if (sequence > SEQUENCE_MAX) {
      ms += 1n;
      sequence = 0n;
    }
  }
  if (ms > MS_MAX) throw new RangeError('task ids of 41 bits end in 2095');
  return String((ms << (SEQUENCE_BITS + GROUP_BITS)) | (BigInt(group) << SEQUENCE_BITS) | sequence) as TaskId;
}

/** Decimal strings without leading zeros: the longer is the larger. */
export function isLaterTaskId(a: TaskId, b: TaskId): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

const DECIMAL = /^[1-9][0-9]{0,18}$/;
const MAX = 2n ** 63n - 1n;

export function parseTaskId(text: string): TaskId | null {
  return DECIMAL.test(text) && BigInt(text) <= MAX ? (text as TaskId) : null;
}
