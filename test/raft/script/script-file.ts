/**
 * A script is a scenario that reads by itself: commands in plain words, and indented below each what happened. Lines that begin
 * with # explain; empty lines part.
 */
export interface ScriptLine {
  /** Comment, empty line, or command; as it stands. */
  readonly text: string;
  readonly isCommand: boolean;
  /** Number of its line in the file, from 1. */
  readonly row: number;
  /** What stands indented below it. */
  readonly told: readonly string[];
}

const INDENT = '  ';

export function parseScript(source: string): ScriptLine[] {
  const lines: (ScriptLine & { told: string[] })[] = [];
  source
    .trimEnd()
    .split('\n')
    .forEach((text, at) => {
      if (text.startsWith(INDENT)) lines.at(-1)?.told.push(text.slice(INDENT.length));
      else lines.push({ text, isCommand: text !== '' && !text.startsWith('#'), row: at + 1, told: [] });
    });
  return lines;
}

export const writeScript = (lines: readonly ScriptLine[]): string =>
  `${lines.flatMap(({ text, told }) => [text, ...told.map((line) => INDENT + line)]).join('\n')}\n`;

/** The first place where a script and what happened part, for a person to read; null when they agree. */
export function difference(
  path: string,
  expected: readonly ScriptLine[],
  actual: readonly ScriptLine[],
): string | null {
  for (const [at, line] of expected.entries()) {
    const told = actual[at]?.told ?? [];
    const wrong = Math.max(line.told.length, told.length);
    for (let row = 0; row < wrong; row += 1) {
      if (line.told[row] === told[row]) continue;
      return [
        `${path}:${line.row + row + 1}: not what happened after "${line.text}"`,
        ...line.told.slice(0, row).map((same) => `    ${same}`),
        ...line.told.slice(row).map((missing) => `  - ${missing}`),
        ...told.slice(row).map((news) => `  + ${news}`),
        'If it is right so: npm run golden -- --rewrite',
      ].join('\n');
    }
  }
  return null;
}
