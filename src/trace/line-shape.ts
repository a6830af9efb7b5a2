import type { TraceHeader } from './format.ts';

/** Whether a parsed line has what the page reads of it. What stands in it beyond that is not looked at. */

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTextOrNull: Check = (value) => value === null || isText(value);
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shaped =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

const ROLES: ReadonlySet<unknown> = new Set([
  'recovering',
  'learner',
  'follower',
  'preCandidate',
  'candidate',
  'leader',
  'removed',
]);
const isRole: Check = (value) => ROLES.has(value);

const role = { role: isRole, term: isCount, vote: isTextOrNull, leader: isTextOrNull };
const message = shaped({ kind: isText, peer: isText, term: isCount, says: isRecord });
const entry = shaped({ index: isCount, term: isCount, kind: isText, data: orAbsent(isText) });
const peer = shaped({ state: isText, match: isCount, next: isCount, inFlight: isCount });
const at = { line: isCount, atMs: isNumber };

export const SHAPES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  step: {
    ...at,
    ...role,
    node: isText,
    last: isCount,
    commit: isCount,
    applied: isCount,
    before: orAbsent(shaped({ ...role, self: isText })),
    moves: orAbsent(listOf(shaped({ type: isText }))),
    got: orAbsent(listOf(message)),
    sent: orAbsent(listOf(message)),
    wrote: orAbsent(listOf(entry)),
    peers: orAbsent((value) => isRecord(value) && Object.values(value).every(peer)),
    refused: orAbsent(listOf(shaped({ index: isCount, pair: isCount, failed: isRecord }))),
    also: orAbsent(listOf(isRecord)),
  },
  move: { ...at, node: isText, machine: isText, of: isText, event: isText, from: isText, to: isText },
  note: { ...at, node: orAbsent(isText), kind: isText, says: orAbsent(isRecord) },
  gap: { atMs: isNumber, node: isText, lines: isCount, why: orAbsent((value) => value === 'unseen') },
  end: { lines: isCount },
};

const header = shaped({
  version: isCount,
  source: (value) => value === 'live' || value === 'sim',
  clusterId: isText,
  nodes: listOf(isText),
  made: isText,
});

export const isHeaderShaped = (value: unknown): value is TraceHeader => header(value);

/** `unknown`: a kind of line that this build does not know. Any other text says what is wrong. */
export function isLineShaped(value: unknown): 'line' | 'end' | 'unknown' | (string & {}) {
  if (!isRecord(value) || typeof value.what !== 'string') return 'it does not say what it is';
  const checks = Object.hasOwn(SHAPES, value.what) ? SHAPES[value.what] : undefined;
  if (checks === undefined) return 'unknown';
  for (const [name, check] of Object.entries(checks)) {
    if (!check(value[name])) return `"${name}" of a ${value.what} is ${shown(value[name])}`;
  }
  return value.what === 'end' ? 'end' : 'line';
}

const SHOWN_CHARS = 40;

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
