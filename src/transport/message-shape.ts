import type { MessageType } from '../raft/messages.ts';

/** What nodes say nests a few levels; a callback's body is text. */
const NESTING_MAX = 32;

/** Which fields a message of each type has, and of what type: anything else is no message. What they say is judged by raft. */
type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isBooleanOrAbsent: Check = (value) => value === undefined || isBoolean(value);
const isText: Check = (value) => typeof value === 'string';
export const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isNumbers: Check = (value) => Array.isArray(value) && value.every(isNumber);
const isNumberOrNull: Check = (value) => value === null || isNumber(value);
const KINDS: ReadonlySet<unknown> = new Set(['term-started', 'configuration', 'events']);

/** As it stands in a frame: its data is behind the head. */
export type PlacedEntry = readonly [index: number, term: number, kind: string, bytes: number];
const isEntry: Check = (value) =>
  Array.isArray(value) &&
  value.length === 4 &&
  isNumber(value[0]) &&
  isNumber(value[1]) &&
  KINDS.has(value[2]) &&
  isLength(value[3]);
const isLength: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

const isSnapshotHead: Check = (value) =>
  isRecord(value) &&
  isText(value.snapshotId) &&
  isNumber(value.index) &&
  isNumber(value.term) &&
  isNumber(value.bytes) &&
  isRecord(value.configuration);

const SHAPES: Readonly<Record<MessageType, Readonly<Record<string, Check>>>> = {
  'pre-vote': { forTerm: isNumber, lastIndex: isNumber, lastTerm: isNumber },
  'pre-vote-answer': { forTerm: isNumber, granted: isBoolean },
  vote: { lastIndex: isNumber, lastTerm: isNumber, transfer: isBoolean },
  'vote-answer': { granted: isBoolean },
  append: {
    prevIndex: isNumber,
    prevTerm: isNumber,
    commitIndex: isNumber,
    entries: (value) => Array.isArray(value) && value.every(isEntry),
    quiet: isBooleanOrAbsent,
  },
  appended: { matchIndex: isNumber },
  'append-refused': { prevIndex: isNumber, lastIndex: isNumber, hintIndex: isNumber, hintTerm: isNumber },
  heartbeat: { round: isNumber, commitIndex: isNumber, lastIndex: isNumber, logLost: isBoolean },
  'heartbeat-answer': {
    round: isNumber,
    durableIndex: isNumber,
    appliedIndex: isNumber,
    recovering: isBoolean,
    featureLevel: isNumber,
  },
  'snapshot-chunk': { head: isSnapshotHead, offset: isNumber, data: isLength, checksum: isNumber },
  'snapshot-received': { snapshotId: isText, offset: isNumber, refused: isBooleanOrAbsent },
  'timeout-now': {},
  'read-index': { readIds: isNumbers },
  'read-index-answer': { readIds: isNumbers, index: isNumberOrNull },
};

/** `data` and `entries` as they stand in a frame. */
export function isMessageShaped(
  value: unknown,
): value is Fields & { readonly type: MessageType; readonly term: number } {
  if (!isRecord(value) || !isNumber(value.term) || typeof value.type !== 'string') return false;
  if (!Object.hasOwn(SHAPES, value.type)) return false;
  return Object.entries(SHAPES[value.type as MessageType]).every(([field, check]) => check(value[field]));
}

/** Whoever walks a value by recursion, as JSON.stringify does, must not be led deeper than the stack goes. */
export function isShallow(value: unknown, levels = NESTING_MAX): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
