import type { EntrySeen, MoveLine, StepLine } from './format.ts';

/** What leaves a node, or a process, of a line: bounded, and without what a task's callback keeps secret (I11). */

/** An entry that says more is shown by its place alone. */
const ENTRY_CHARS_MAX = 64 * 1_024;
/** All entries of a line together: a page always has room for one line. */
export const LINE_ENTRY_CHARS_MAX = 128 * 1_024;

export function told<Line extends StepLine | MoveLine>(line: Line): Line {
  if (line.what !== 'step' || line.wrote === undefined) return line;
  let room = LINE_ENTRY_CHARS_MAX;
  const wrote = line.wrote.map((entry) => {
    const chars = entry.data?.length ?? 0;
    if (chars > ENTRY_CHARS_MAX || chars > room) return withoutData(entry);
    room -= chars;
    return entry.kind === 'events' ? withoutSecrets(entry) : entry;
  });
  return { ...line, wrote };
}

export function withoutData({ index, term, kind }: EntrySeen): EntrySeen {
  return { index, term, kind };
}

const HEADERS = '"headers":{"';
const HIDDEN = 'hidden';

/** Header values of callbacks carry tokens. Their names stay: a header that is missing is what one looks for. */
function withoutSecrets(entry: EntrySeen): EntrySeen {
  const { data } = entry;
  if (data?.includes(HEADERS) !== true) return entry;
  try {
    return { ...entry, data: JSON.stringify(JSON.parse(data, hidden)) };
  } catch {
    return withoutData(entry);
  }
}

function hidden(key: string, value: unknown): unknown {
  if (key !== 'headers' || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((name) => [name, HIDDEN]));
}
