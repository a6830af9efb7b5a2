import { isIP } from 'node:net';
import { isLoopback } from '../node/callback-guard.ts';
import { type FileSettings, readConfigurationFile } from './configuration-file.ts';
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
/** The launcher tells the node by it to end together. */
const LAUNCHER_VARIABLES = ['XCRON_FOLLOW_LAUNCHER'];
const WARNED_VARIABLES_MAX = 10;
const VALUE_CHARS_SHOWN = 80;

const FLAG_RANK = 3;

interface Given {
  readonly text: string;
  /** Larger beats smaller. */
  readonly rank: number;
  readonly from: string;
}

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
  const token = problems.length === 0 ? apiToken(complete, given, input) : { problem: null };
  if (token.problem !== null) problems.push(token.problem);
  const settled: SettingValues = token.value === undefined ? complete : { ...complete, apiToken: token.value.token };
  if (token.value !== undefined) sources.apiToken = token.value.from;
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

type TokenFound =
  | { readonly problem: string; readonly value?: undefined }
  | { readonly problem: null; readonly value?: { readonly token: string; readonly from: string } };

/** A token file is one more way to give the token: the higher source wins, and two of one rank contradict each other. */
function apiToken(
  values: SettingValues,
  given: ReadonlyMap<SettingName, Given>,
  input: ConfigurationInput,
): TokenFound {
  const direct = given.get('apiToken');
  const file = given.get('apiTokenFile');
  if (file === undefined || values.apiTokenFile === null) return { problem: null };
  if (direct !== undefined && direct.rank > file.rank) return { problem: null };
  if (direct?.rank === file.rank) {
    return { problem: `api_token (from ${direct.from}) and api_token_file (from ${file.from}) are both set; give one` };
  }
  const path = values.apiTokenFile;
  const named = `api_token_file = "${printable(path)}" (from ${file.from})`;
  try {
    const text = input.readText(path);
    if (text === null) return { problem: `${named} does not exist` };
    const token = SETTINGS.apiToken.kind.parse(text.trim());
    if (token.ok && token.value !== null)
      return { problem: null, value: { token: token.value, from: printable(path) } };
    return { problem: `${named} holds no token; allowed: ${SETTINGS.apiToken.kind.allowed}` };
  } catch (error) {
    return { problem: `${named} cannot be read: ${messageOf(error)}` };
  }
}

/** What single values cannot say. */
function rulesBroken(values: SettingValues): string[] {
  const { httpHost, apiToken: token, insecureOpen } = values;
  if (isLoopbackHost(httpHost) || token !== null || insecureOpen) return [];
  return [
    `http_host = "${httpHost}" lets others reach this node, and there is no API token. Set XCRON_API_TOKEN (or ` +
      '--api-token-file FILE), or listen on 127.0.0.1, or say --insecure-open if whoever reaches the port may do everything',
  ];
}

/** Of names, `localhost` alone: what another resolves to may change while the node runs. */
export function isLoopbackHost(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : isLoopback(host);
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
