import { type EndLine, TRACE_FORMAT, TRACE_VERSION, type TraceHeader, type TraceLine } from './format.ts';
import { isHeaderShaped, isLineShaped } from './line-shape.ts';

/**
 * Reads a trace file strictly: what is wrong with it is said, in words for the person who opened it, and what stands before that is
 * given all the same. A file that somebody cut, or a build that is older than the file, is no reason to show nothing.
 */
export interface ReadTrace {
  readonly header: TraceHeader;
  readonly lines: readonly TraceLine[];
  /** Null for a file that is whole and wholly understood. */
  readonly problem: string | null;
}

export type NoTrace = { readonly header: null; readonly problem: string };

/** A file with more is read up to here, and that is said. */
const LINES_READ_MAX = 500_000;

export function readTrace(text: string): ReadTrace | NoTrace {
  const begin = readHeader(text);
  if (begin.header === null) return begin;
  const { header } = begin;
  const lines: TraceLine[] = [];
  const skipped = new Map<string, number>();
  let end: EndLine | null = null;
  let number = 1;
  for (const { row, ends } of rowsAfter(text, begin.length)) {
    number += 1;
    if (end !== null) return { header, lines, problem: `Line ${number} stands behind the end of the trace.` };
    if (lines.length >= LINES_READ_MAX) {
      return {
        header,
        lines,
        problem: `The file has more than ${LINES_READ_MAX} lines, which is as many as are shown.`,
      };
    }
    const line = parsed(row);
    if (line === undefined) {
      return {
        header,
        lines,
        problem: ends ? notOfTrace(number, 'not JSON', lines.length) : cutAt(number, lines.length),
      };
    }
    const shape = isLineShaped(line);
    if (shape === 'end') end = line as EndLine;
    else if (shape === 'line') lines.push(line as TraceLine);
    else if (shape === 'unknown') {
      const { what } = line as { readonly what: string };
      skipped.set(what, (skipped.get(what) ?? 0) + 1);
    } else return { header, lines, problem: notOfTrace(number, shape, lines.length) };
  }
  return { header, lines, problem: whatIsWrong(header, lines.length, end, skipped) };
}

function readHeader(text: string): { readonly header: TraceHeader; readonly length: number } | NoTrace {
  const newline = text.indexOf('\n');
  const first = (newline < 0 ? text : text.slice(0, newline)).replace(/^\uFEFF/, '');
  const value = parsed(first);
  const format = typeof value === 'object' && value !== null ? (value as Partial<TraceHeader>).format : undefined;
  if (text.trim() === '') return { header: null, problem: 'The file is empty.' };
  if (value === undefined && newline < 0 && mayBegin(first)) {
    return { header: null, problem: 'The file is cut: its first line, which says what it is of, does not end.' };
  }
  if (format !== TRACE_FORMAT) {
    return {
      header: null,
      problem: `This is no trace of xcron: its first line would say "format":"${TRACE_FORMAT}". Traces are saved from this page, by "xcron cluster read-trace", or by "npm run sim -- --seed 42 --trace FILE".`,
    };
  }
  const { version } = value as { readonly version?: unknown };
  if (!Number.isSafeInteger(version) || (version as number) < 1) {
    return { header: null, problem: `The trace says version ${JSON.stringify(version)}, which is none.` };
  }
  if (!isHeaderShaped(value)) {
    return {
      header: null,
      problem:
        (version as number) > TRACE_VERSION
          ? `${newer(version as number)} Nothing of it can be read: open it with the xcron that wrote it.`
          : 'The first line of this trace does not say which cluster it is of: the file is damaged.',
    };
  }
  return { header: value, length: newline < 0 ? text.length : newline + 1 };
}

/** How every header begins that was written by `writeTrace`, a node or the simulator. */
const BEGIN = `{"format":"${TRACE_FORMAT}"`;
const mayBegin = (row: string): boolean => row.startsWith(BEGIN) || BEGIN.startsWith(row);

function* rowsAfter(text: string, from: number): Generator<{ readonly row: string; readonly ends: boolean }> {
  for (let at = from; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (end > at) yield { row: text.slice(at, end), ends: newline >= 0 };
    at = end + 1;
  }
}

function parsed(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return undefined;
  }
}

const newer = (version: number): string =>
  `This trace has format version ${version}; this xcron reads up to ${TRACE_VERSION}.`;

const whatIsShown = (lines: number): string =>
  lines === 0 ? 'Nothing could be read before it.' : `The ${lines} lines before it are shown.`;

const notOfTrace = (number: number, why: string, lines: number): string =>
  `Line ${number} is no line of a trace: ${why}. ${whatIsShown(lines)}`;

const cutAt = (number: number, lines: number): string =>
  `The file is cut: line ${number} does not end. ${whatIsShown(lines)}`;

function whatIsWrong(
  { version }: TraceHeader,
  lines: number,
  end: EndLine | null,
  skipped: ReadonlyMap<string, number>,
): string | null {
  const unread = [...skipped].map(([what, count]) => `${count} of "${what}"`).join(', ');
  if (version > TRACE_VERSION) {
    return `${newer(version)} What it knows of it is shown: ${lines} lines${unread === '' ? '' : `, without ${unread}`}.`;
  }
  if (unread !== '') return `Lines of a kind that this xcron does not know are left out: ${unread}.`;
  if (end === null) return `The file is cut: its last line is missing. ${lines} lines are shown.`;
  if (end.lines !== lines) return `The file says that it has ${end.lines} lines, and has ${lines}: some are missing.`;
  return null;
}

/** Read as text and put together again: what was saved opens as it was. */
export function writeTrace(header: TraceHeader, lines: readonly TraceLine[]): string {
  const end: EndLine = { what: 'end', lines: lines.length };
  return [header, ...lines, end].map((line) => `${JSON.stringify(line)}\n`).join('');
}
