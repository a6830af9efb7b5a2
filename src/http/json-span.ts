/**
 * Finds where a member's value stands in JSON text, so that it can be cut out byte for byte: parsing and printing again would
 * lose key order, duplicate keys, `1.0`, long numbers and escapes. It agrees with JSON.parse on which of several equal keys
 * counts (the last) and on escapes in keys. The text must be JSON already (JSON.parse took it): nothing is checked here, and
 * nothing recurses, so that nesting costs no stack.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** The value at a path of object keys; null when the path leads nowhere. */
export function spanAt(text: string, path: readonly string[]): Span | null {
  let at = skipBlanks(text, 0);
  let span: Span = { start: at, end: at };
  for (const key of path) {
    const found = memberSpan(text, at, key);
    if (found === null) return null;
    span = found;
    at = found.start;
  }
  return span;
}

export function cutAt(text: string, path: readonly string[]): string | null {
  const span = spanAt(text, path);
  return span === null ? null : text.slice(span.start, span.end);
}

/** The last member of that name, as JSON.parse has it. */
function memberSpan(text: string, start: number, key: string): Span | null {
  if (text.charCodeAt(start) !== OPEN_OBJECT) return null;
  let found: Span | null = null;
  let at = skipBlanks(text, start + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = stringEnd(text, at);
    const matches = isKey(text, at, keyEnd, key);
    at = skipBlanks(text, keyEnd);
    // The colon.
    const valueStart = skipBlanks(text, at + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (matches) found = { start: valueStart, end: valueEnd };
    at = skipBlanks(text, valueEnd);
    if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1);
  }
  return found;
}

function isKey(text: string, start: number, end: number, key: string): boolean {
  const written = text.slice(start, end);
  return written.includes('\\')
    ? JSON.parse(written) === key
    : written.length === key.length + 2 && written.startsWith(key, 1);
}

/** After the closing quote of the string that starts here; the end of the text where none closes it. */
function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return endOfContainer(text, start);
  let at = start;
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at += 1;
  return at;
}

const endsScalar = (code: number): boolean =>
  code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= SPACE;

function endOfContainer(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    at += 1;
  } while (depth > 0);
  return at;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  // JSON knows four blanks, all ≤ U+0020, and valid JSON has no other control characters outside strings.
  while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

/** Where the nesting first goes beyond `depthMax`; null when it does not. Takes any text: parsing what is deep takes long. */
export function tooDeepAt(text: string, depthMax: number): number | null {
  // Each level takes two characters at least.
  if (text.length <= depthMax * 2) return null;
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1;
      if (depth > depthMax) return at;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    at += 1;
  }
  return null;
}
