import { type FileSettings, readConfigurationFile } from './configuration-file.ts';
import { rulesBroken } from './configuration-rules.ts';
import { type Given, SECRETS_WITH_FILES, secretFromFile } from './secret-file.ts';
import {
  fileKey,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type SettingValues,
  variableOf,
} from './settings.ts';
import { didYouMean } from './spelling.ts';
import { printable, shortened } from './terminal.ts';

/** Flags beat environment beats file beats defaults. */
export interface ConfigurationInput {
  readonly flags: ReadonlyMap<SettingName, string>;
  /** `--config`; null where none was given. */
  readonly configFlag: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of a file, null where there is none. Throws where it cannot be read. */
  readonly readText: (path: string) => string | null;
}

export type Configuration =
  | {
      readonly ok: true;
      readonly values: SettingValues;
      readonly sources: Readonly<Record<SettingName, string>>;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly string[]; readonly warnings: readonly string[] };

const DEFAULT_FILE = 'xcron.toml';
const CONFIG_VARIABLE = 'XCRON_CONFIG';
/** Read by the client commands, and not by a node. */
const CLIENT_VARIABLES = ['XCRON_SERVER'] as const;
/** The launcher tells the node by the first to end together; scripts find the NATS server by the other. */
const LAUNCHER_VARIABLES = ['XCRON_FOLLOW_LAUNCHER', 'XCRON_NATS_SERVER'];
const WARNED_VARIABLES_MAX = 10;
const VALUE_CHARS_SHOWN = 80;

const FLAG_RANK = 3;

export function loadConfiguration(input: ConfigurationInput): Configuration {
  const warnings = unknownVariables(input.environment);
  const file = readFile(input);
  const problems = [...file.problems];
  warnings.push(...file.notes);
  const given = new Map<SettingName, Given>();
  for (const name of SETTING_NAMES) {
    const found = givenValue(name, input, file);
    if (found !== undefined) given.set(name, found);
  }
  const values: Partial<Record<SettingName, unknown>> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const found = given.get(name);
    values[name] = SETTINGS[name].fallback;
    sources[name] = found?.from ?? 'default';
    if (found === undefined) continue;
    if (found.rank === FLAG_RANK && 'secret' in SETTINGS[name]) {
      problems.push(
        `${flagOf(name)}: a command line can be read by everyone on the machine; set ${variableOf(name)}, or give ${flagOf(name)}-file FILE`,
      );
      continue;
    }
    const parsed = SETTINGS[name].kind.parse(found.text);
    if (parsed.ok) values[name] = parsed.value;
    else problems.push(valueProblem(name, found, parsed.error));
  }
  // Each name was parsed by its own row of the table above.
  const complete = values as SettingValues;
  let settled = complete;
  for (const name of problems.length === 0 ? SECRETS_WITH_FILES : []) {
    const found = secretFromFile(name, complete, given, input.readText);
    if (found.problem !== null) problems.push(found.problem);
    if (found.value === undefined) continue;
    settled = { ...settled, [name]: found.value.secret };
    sources[name] = found.value.from;
  }
  if (problems.length === 0) problems.push(...rulesBroken(settled));
  if (problems.length > 0) return { ok: false, problems, warnings };
  return { ok: true, values: settled, sources: sources as Readonly<Record<SettingName, string>>, warnings };
}

const NOTHING: FileSettings = { given: new Map(), notes: [], problems: [] };

function readFile({ configFlag, environment, readText }: ConfigurationInput): FileSettings {
  const variable = environment[CONFIG_VARIABLE];
  const asked = configFlag ?? (variable === '' ? undefined : variable);
  const path = asked ?? `./${DEFAULT_FILE}`;
  try {
    const text = readText(path);
    if (text !== null) return readConfigurationFile(path, text);
  } catch (error) {
    return { ...NOTHING, problems: [`${printable(path)} cannot be read: ${messageOf(error)}`] };
  }
  if (asked === undefined) return NOTHING;
  const source = configFlag === null ? CONFIG_VARIABLE : '--config';
  return { ...NOTHING, problems: [`${printable(path)} (from ${source}) does not exist; allowed: a file in TOML`] };
}

function givenValue(name: SettingName, input: ConfigurationInput, file: FileSettings): Given | undefined {
  const flag = input.flags.get(name);
  if (flag !== undefined) return { text: flag, rank: FLAG_RANK, from: flagOf(name) };
  const variable = input.environment[variableOf(name)];
  // An empty one is one not set: container platforms hand on `${NOTHING}` as that.
  if (variable !== undefined && variable !== '') return { text: variable, rank: 2, from: variableOf(name) };
  const value = file.given.get(name);
  return value === undefined ? undefined : { text: value.text, rank: 1, from: value.where };
}

function valueProblem(name: SettingName, { from, text }: Given, wrong: string): string {
  const { kind, secret } = SETTINGS[name] as { kind: { allowed: string }; secret?: true };
  const value = secret === true ? '(not shown)' : `"${printable(shortened(text, VALUE_CHARS_SHOWN))}"`;
  const part =
    secret === true || wrong === text ? '' : `, of which "${printable(shortened(wrong, VALUE_CHARS_SHOWN))}" is wrong`;
  // A Kubernetes service named xcron-http puts XCRON_HTTP_PORT=tcp://… into every pod of its namespace.
  const injected = from === variableOf(name) && text.startsWith('tcp://');
  const hint = injected ? '. Kubernetes sets this for a service of that name: set enableServiceLinks: false' : '';
  return `${fileKey(name)} = ${value} (from ${from})${part}; allowed: ${kind.allowed}${hint}`;
}

/** One line for all: a container platform injects some for every service. */
function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...SETTING_NAMES.map(variableOf), CONFIG_VARIABLE, ...CLIENT_VARIABLES];
  const unknown = Object.keys(environment)
    .filter((name) => name.startsWith('XCRON_') && !known.includes(name) && !LAUNCHER_VARIABLES.includes(name))
    .sort();
  if (unknown.length === 0) return [];
  const named = unknown.slice(0, WARNED_VARIABLES_MAX).map((name) => `${printable(name)}${didYouMean(name, known)}`);
  const more = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : '';
  return [`not a setting, and not read: ${named.join(', ')}${more}`];
}

const messageOf = (error: unknown): string => printable(error instanceof Error ? error.message : String(error));
