/** Reads TypeScript sources as far as the house rules need: what is imported how, and the code without comments and texts. */

export interface Import {
  readonly specifier: string;
  /** `import type` leaves nothing at run time; `import { type X }` leaves the import itself. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/**
 * The source with comments blanked, and, when asked, the insides of strings too; offsets and line ends stay where they are.
 * What stands in `${}` of a template is code and is kept.
 */
export function blank(source: string, what: 'comments' | 'comments-and-strings'): string {
  const out = source.split('');
  const hide = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  /** Open braces inside each `${` that we are in. */
  const templates: number[] = [];
  let lastSignificant = '';
  let at = 0;
  const text = (from: number, to: number) => {
    if (what === 'comments-and-strings') hide(from, to);
  };
  const template = (from: number): number => {
    let end = from;
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end))
      end += source[end] === '\\' ? 2 : 1;
    text(from, end);
    if (source[end] === '`') return end + 1;
    templates.push(0);
    return end + 2;
  };
  while (at < source.length) {
    const character = source.charAt(at);
    const two = source.slice(at, at + 2);
    if (two === '//' || two === '/*') {
      const close = two === '//' ? source.indexOf('\n', at) : source.indexOf('*/', at + 2) + 2;
      const end = close < at + 2 ? source.length : close;
      hide(at, end);
      at = end;
      continue;
    }
    if (character === "'" || character === '"') {
      let end = at + 1;
      while (end < source.length && source[end] !== character) end += source[end] === '\\' ? 2 : 1;
      text(at + 1, end);
      at = end + 1;
    } else if (character === '`') {
      at = template(at + 1);
    } else if (character === '}' && templates.at(-1) === 0) {
      templates.pop();
      at = template(at + 1);
    } else if (character === '/' && startsRegularExpression(lastSignificant, source.slice(0, at))) {
      const end = endOfRegularExpression(source, at);
      text(at + 1, end - 1);
      at = end;
    } else {
      const depth = templates.length - 1;
      if (depth >= 0 && character === '{') templates[depth] = (templates[depth] ?? 0) + 1;
      if (depth >= 0 && character === '}') templates[depth] = (templates[depth] ?? 0) - 1;
      at += 1;
    }
    if (character.trim() !== '') lastSignificant = character;
  }
  return out.join('');
}

/** A slash after a value divides; after an operator or a keyword it opens a regular expression. */
function startsRegularExpression(lastSignificant: string, before: string): boolean {
  if (lastSignificant === '' || '(,=:[!&|?{};+-*%<>~^'.includes(lastSignificant)) return true;
  return /\b(return|typeof|case|in|of|await|yield)\s*$/.test(before.slice(-20));
}

function endOfRegularExpression(source: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') at += 1;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '\n') return at;
    else if (character === '/' && !inClass) return at + 1;
  }
  return source.length;
}

const FROM = /(?:^|[;}\n])\s*(import|export)\s+(type\s+(?!from\b))?(?:[\w$*{][^;'"`=()]*?)\bfrom\s*['"]([^'"\n]+)['"]/g;
const BARE = /(?:^|[;}\n])\s*import\s*['"]([^'"\n]+)['"]/g;
const CALL = /\b(?:import|require)\s*\(\s*(['"`])([^'"`\n]*)\1/g;
const COMPUTED = /\b(?:import|require)\s*\((?!\s*['"`])/g;
/** How a worker thread's module is named. */
const URL_OF = /new\s+URL\s*\(\s*['"]([^'"\n]+\.[cm]?[jt]s)['"]\s*,\s*import\.meta\.url/g;

/** Every import of a file, dynamic ones and re-exports too. A path that is computed comes back as `(computed)`. */
export function importsOf(source: string): Import[] {
  const code = blank(source, 'comments');
  const masked = blank(source, 'comments-and-strings');
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, match: RegExpMatchArray) => {
    const at = (match.index ?? 0) + match[0].search(/[a-z]/);
    // The keyword itself stands in a string: an example, no import.
    if (masked.slice(at, at + 3) !== code.slice(at, at + 3)) return;
    found.push({ specifier, typeOnly, line: code.slice(0, at).split('\n').length });
  };
  for (const match of code.matchAll(FROM)) add(match[3] ?? '', match[2] !== undefined, match);
  for (const match of code.matchAll(BARE)) add(match[1] ?? '', false, match);
  for (const match of code.matchAll(CALL)) add(match[2] ?? '', false, match);
  for (const match of code.matchAll(URL_OF)) add(match[1] ?? '', false, match);
  for (const match of code.matchAll(COMPUTED)) add('(computed)', false, match);
  return found.sort((a, b) => a.line - b.line);
}
