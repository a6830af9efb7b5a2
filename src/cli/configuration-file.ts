import { parse, TomlDate, TomlError } from 'smol-toml';
import type { TomlType } from './setting-kind.ts';
import { fileKey, SETTING_NAMES, SETTINGS, type SettingName } from './settings.ts';
import { didYouMean } from './spelling.ts';
import { printable, shortened } from './terminal.ts';

/** What xcron.toml says, brought to text; nothing of it is judged here but whether it is a key at all. */
export interface FileSettings {
  readonly given: ReadonlyMap<SettingName, FileValue>;
  /** Said once when the node starts: keys of earlier versions. */
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

export interface FileValue {
  readonly text: string;
  readonly where: string;
}

const KEYS = new Map(SETTING_NAMES.map((name) => [fileKey(name), name]));
const ALLOWED_KEYS = [...KEYS.keys()].join(', ');

/** Keys of the original xcron.toml that say nothing here any more, and what took their place. */
const NO_LONGER: ReadonlyMap<string, string> = new Map([
  ['peer_port', 'no longer applies: nodes do not listen for each other. Remove it.'],
  [
    'peer.peer_hosts',
    'no longer applies: nodes know each other by name, and talk through NATS: give peers and nats_url. Remove it.',
  ],
]);
const RAFT_DIR = 'raft_dir';

export function readConfigurationFile(file: string, text: string): FileSettings {
  const given = new Map<SettingName, FileValue>();
  const notes: string[] = [];
  const problems: string[] = [];
  const lines = text.split(/\r?\n/);
  const take = (name: SettingName, key: string, value: unknown): void => {
    const where = whereIs(file, lines, key);
    const read = asText(value, SETTINGS[name].kind.toml);
    if (read === null)
      problems.push(`${where}: ${key} is ${typeInWords(value)}; allowed: ${SETTINGS[name].kind.allowed}`);
    else given.set(name, { text: read, where });
  };
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    return { given, notes, problems: [`${file}${syntaxProblem(error)}`] };
  }
  for (const [key, value] of flattened(table)) {
    const name = KEYS.get(key);
    const noLonger = NO_LONGER.get(key);
    if (name !== undefined) take(name, key, value);
    else if (noLonger !== undefined) notes.push(`${whereIs(file, lines, key)}: ${key} ${noLonger}`);
    else if (key === RAFT_DIR && Object.hasOwn(table, 'data_dir')) {
      notes.push(
        `${whereIs(file, lines, key)}: raft_dir is now called data_dir, which is set too and counts. Remove raft_dir.`,
      );
    } else if (key === RAFT_DIR) {
      notes.push(`${whereIs(file, lines, key)}: raft_dir is now called data_dir. It is read as that; rename it.`);
      take('dataDir', key, value);
    } else {
      const hint = didYouMean(key, [...KEYS.keys()]);
      problems.push(
        `${whereIs(file, lines, key)}: unknown key ${printable(shortened(key, KEY_CHARS_SHOWN))}${hint}; allowed: ${ALLOWED_KEYS}`,
      );
    }
  }
  return { given, notes, problems };
}

const KEY_CHARS_SHOWN = 64;

/** Tables by dotted key: an unknown one is named by its first leaf, an empty one by itself. */
function flattened(table: Readonly<Record<string, unknown>>, prefix = ''): (readonly [string, unknown])[] {
  return Object.entries(table).flatMap(([key, value]): (readonly [string, unknown])[] => {
    const path = `${prefix}${key}`;
    return isTable(value) && Object.keys(value).length > 0 ? flattened(value, `${path}.`) : [[path, value]];
  });
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

function asText(value: unknown, types: readonly TomlType[]): string | null {
  if (typeof value === 'string') return types.includes('string') ? value : null;
  if (typeof value === 'number') return types.includes('integer') && Number.isSafeInteger(value) ? String(value) : null;
  if (typeof value === 'boolean') return types.includes('boolean') ? String(value) : null;
  if (!Array.isArray(value) || !types.includes('array')) return null;
  // One with a comma inside would come apart into two.
  return value.every((item) => typeof item === 'string' && !item.includes(',')) ? value.join(',') : null;
}

function typeInWords(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return `the boolean ${value}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'bigint') return 'a number';
  if (Array.isArray(value)) return 'a list';
  return value instanceof TomlDate ? 'a date' : 'a table';
}

/** The parser's message shows the line, which may hold a secret (I11): its first line alone says what is wrong. */
function syntaxProblem(error: unknown): string {
  if (!(error instanceof TomlError)) return `: ${error instanceof Error ? error.message : String(error)}`;
  const [first = ''] = error.message.split('\n');
  return `:${error.line}:${error.column}: ${first}`;
}

/** The parser keeps no positions. A line that assigns the key inside its table is found by reading, or left out. */
function whereIs(file: string, lines: readonly string[], key: string): string {
  let table = '';
  for (const [index, line] of lines.entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line)?.[1];
    if (header !== undefined) table = `${unquoted(header)}.`;
    const assigned = header === undefined ? /^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=/.exec(line)?.[1] : undefined;
    const isHere = assigned !== undefined && `${table}${unquoted(assigned)}` === key;
    if (isHere || (header !== undefined && unquoted(header) === key)) return `${file}:${index + 1}`;
  }
  return file;
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2');
