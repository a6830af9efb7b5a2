/** Where a command writes: lines for the one who asked on `out`, everything said about the work on `err`. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Whether a person watches `err`. */
  readonly errIsTty: boolean;
}

export const processTerminal: Terminal = {
  out: (line) => {
    process.stdout.write(`${line}\n`);
  },
  err: (line) => {
    process.stderr.write(`${line}\n`);
  },
  errIsTty: process.stderr.isTTY === true,
};

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text of others (a callback's body, a task's name) as visible characters: control characters move a terminal's cursor or change its
 * title, and direction marks make a line read as what it is not.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const short = SHORT[character];
    if (short !== undefined) return short;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Controls, format characters (direction marks, zero width), line and paragraph separators, halves of surrogate pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** At most `charsMax` characters, the last one `…` when something was cut. Never between two halves of a character. */
export function shortened(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const characters = [...text.slice(0, (charsMax + 1) * 2)];
  return characters.length <= charsMax ? text : `${characters.slice(0, charsMax - 1).join('')}…`;
}
