import type { LogIndex, MemberId, Term } from '../raft/types.ts';
import type { Command } from '../tasks/command.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { ClusterOperation, OperationEnd } from '../tasks/operation.ts';
import type { AttemptOutcome } from '../tasks/outcome.ts';
import type { TaskId } from '../tasks/task.ts';
import type { OperationOutcome, SubmitOutcome } from './api.ts';
import { HTTP_URL_CHARS_MAX } from './limits.ts';
import type { TracePage, TracePlace } from './trace-page.ts';

/** What nodes ask of their leader, beside consensus. Asked again until answered: each may arrive several times, or never. */
export type Ask =
  | { readonly type: 'submit'; readonly command: Command; readonly by: string }
  | { readonly type: 'report'; readonly report: AttemptReport }
  | { readonly type: 'operate'; readonly operation: ClusterOperation; readonly by: string }
  /** "This is what came of it": from whoever carried it out. Only of a leader that can write it. */
  | {
      readonly type: 'operation-ended';
      readonly requestId: CommandId;
      readonly end: OperationEnd;
      readonly nodeId: string;
    }
  /** "I have begun: let it be known, so that I may be given claims." */
  | { readonly type: 'start'; readonly nodeId: string; readonly instance: string; readonly incarnation: number };

/** What became of an attempt, from the node that made it. */
export interface AttemptReport {
  readonly taskId: TaskId;
  readonly run: number;
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
}

/** How a member is, as another sees it. */
export interface Sighting {
  readonly member: MemberId;
  readonly httpUrl: string | null;
  readonly matchIndex: LogIndex | null;
  readonly lagMs: number | null;
  readonly alive: boolean;
}

export type Answer =
  | { readonly type: 'submitted'; readonly outcome: SubmitOutcome }
  | { readonly type: 'operated'; readonly outcome: OperationOutcome }
  /** It is committed, or was before. */
  | { readonly type: 'taken' }
  | { readonly type: 'not-leading' };

/** `term`: that of the leader who is asked. Nobody else carries the question out, whenever a copy of it arrives. */
export type PeerNote =
  | { readonly kind: 'here'; readonly httpUrl: string }
  | { readonly kind: 'seen'; readonly members: readonly Sighting[] }
  | { readonly kind: 'ask'; readonly askId: CommandId; readonly ask: Ask; readonly term: Term }
  | { readonly kind: 'answer'; readonly askId: CommandId; readonly answer: Answer; readonly term: Term }
  /** "This start of mine is about to end." */
  | { readonly kind: 'retiring'; readonly incarnation: number }
  /** The answer to that: what was claimed before it was heard stands in the log up to here. */
  | { readonly kind: 'retired'; readonly lastIndex: LogIndex }
  /** Somebody looks at the trace of the receiver, through the sender; and what there is to see. */
  | { readonly kind: 'trace-asked'; readonly askId: number; readonly place: TracePlace | null }
  | { readonly kind: 'trace-told'; readonly askId: number; readonly page: TracePage };

const ASKS: ReadonlySet<unknown> = new Set<Ask['type']>(['submit', 'report', 'start', 'operate', 'operation-ended']);
const ANSWERS: ReadonlySet<unknown> = new Set<Answer['type']>(['submitted', 'operated', 'taken', 'not-leading']);

/** Null for what is none: it is dropped and counted. What an ask says in detail is checked where it is decided. */
export function readNote(note: unknown): PeerNote | null {
  if (typeof note !== 'object' || note === null) return null;
  const { kind, askId, ask, answer, term, httpUrl, members, incarnation, lastIndex, place, page } = note as Readonly<
    Record<string, unknown>
  >;
  if (kind === 'trace-asked')
    return Number.isSafeInteger(askId) && (place === null || isPlace(place)) ? (note as PeerNote) : null;
  if (kind === 'trace-told') return Number.isSafeInteger(askId) && isTracePage(page) ? (note as PeerNote) : null;
  if (kind === 'retiring') return Number.isSafeInteger(incarnation) ? (note as PeerNote) : null;
  if (kind === 'retired') return Number.isSafeInteger(lastIndex) ? (note as PeerNote) : null;
  if (kind === 'here') return isUrl(httpUrl) ? (note as PeerNote) : null;
  if (kind === 'seen') return Array.isArray(members) && members.every(isSighting) ? (note as PeerNote) : null;
  if (typeof askId !== 'string' || askId === '' || !Number.isSafeInteger(term)) return null;
  if (kind === 'ask') return isOneOf(ask, ASKS) ? (note as PeerNote) : null;
  if (kind === 'answer') return isOneOf(answer, ANSWERS) ? (note as PeerNote) : null;
  return null;
}

/** Shown to people, who may follow it. */
const isUrl = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= HTTP_URL_CHARS_MAX && /^https?:$/.test(URL.parse(value)?.protocol ?? '');

const areCounts = (value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => Number.isSafeInteger((value as Readonly<Record<string, unknown>>)[name]));

const isPlace = (value: unknown): boolean => areCounts(value, ['epoch', 'line']);

/** What a line says is judged by whoever reads it: nothing here goes by it. */
const isTracePage = (value: unknown): boolean =>
  areCounts(value, ['epoch', 'skipped']) &&
  Array.isArray(value.lines) &&
  value.lines.every((line) => areCounts(line, ['line']));

function isSighting(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { member, httpUrl, matchIndex, lagMs, alive } = value as Readonly<Record<string, unknown>>;
  const areNumbers = [matchIndex, lagMs].every((number) => number === null || typeof number === 'number');
  return typeof member === 'string' && (httpUrl === null || isUrl(httpUrl)) && areNumbers && typeof alive === 'boolean';
}

const isOneOf = (body: unknown, types: ReadonlySet<unknown>): boolean =>
  typeof body === 'object' && body !== null && types.has((body as Readonly<Record<string, unknown>>).type);
