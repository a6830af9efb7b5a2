/**
 * JSON text as it is, token by token. What was read as a value has lost how it was written: `1.0` is 1 by then, the second of two equal keys
 * is gone, and a number of 18 digits is another one.
 */
interface Token {
  readonly text: string;
  readonly at: number;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

function tokensOf(text: string): readonly Token[] {
  return [...text.matchAll(TOKEN)].map((match) => ({ text: match[0], at: match.index }));
}

/** The text of a member of an object in `text`, which is JSON; undefined where there is none. Of equal keys the last one counts. */
export function memberText(text: string, [name, ...deeper]: readonly [string, ...string[]]): string | undefined {
  const tokens = tokensOf(text);
  let found: string | undefined;
  let depth = 0;
  for (const [place, token] of tokens.entries()) {
    if (depth === 1 && tokens[place + 1]?.text === ':' && JSON.parse(token.text) === name) {
      found = valueText(text, tokens, place + 2);
    }
    if (token.text === '{' || token.text === '[') depth += 1;
    if (token.text === '}' || token.text === ']') depth -= 1;
  }
  const [next, ...rest] = deeper;
  return found === undefined || next === undefined ? found : memberText(found, [next, ...rest]);
}

function valueText(text: string, tokens: readonly Token[], from: number): string | undefined {
  let depth = 0;
  for (let place = from; place < tokens.length; place += 1) {
    const token = tokens[place];
    if (token === undefined) return undefined;
    if (token.text === '{' || token.text === '[') depth += 1;
    if (token.text === '}' || token.text === ']') depth -= 1;
    if (depth === 0) return text.slice(tokens[from]?.at, token.at + token.text.length);
  }
  return undefined;
}

/** To be read: a line a member, each token as it stands. */
export function indented(text: string): string {
  const tokens = tokensOf(text);
  let out = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [place, { text: token }] of tokens.entries()) {
    const before = tokens[place - 1]?.text;
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    if (before === '{' || before === '[') out += closes ? '' : line();
    else if (closes || before === ',') out += line();
    out += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth += 1;
  }
  return out;
}
