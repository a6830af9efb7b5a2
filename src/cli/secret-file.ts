import { fileKey, SETTINGS, type SettingName, type SettingValues } from './settings.ts';
import { printable } from './terminal.ts';

/** A file is one more way to give a secret: the higher source wins, and two of one rank contradict each other. */
export interface Given {
  readonly text: string;
  /** Larger beats smaller. */
  readonly rank: number;
  readonly from: string;
}

type SecretName = 'apiToken' | 'clusterSecret' | 'natsPassword' | 'natsToken' | 'natsSeed';
export const SECRETS_WITH_FILES: readonly SecretName[] = [
  'apiToken',
  'clusterSecret',
  'natsPassword',
  'natsToken',
  'natsSeed',
];

export type SecretFound =
  | { readonly problem: string; readonly value?: undefined }
  | { readonly problem: null; readonly value?: { readonly secret: string; readonly from: string } };

/** Nothing, where no file is given or something beats it. */
export function secretFromFile(
  name: SecretName,
  values: SettingValues,
  given: ReadonlyMap<SettingName, Given>,
  readText: (path: string) => string | null,
): SecretFound {
  const fileName = `${name}File` as const;
  const direct = given.get(name);
  const file = given.get(fileName);
  const path = values[fileName];
  if (file === undefined || path === null) return { problem: null };
  if (direct !== undefined && direct.rank > file.rank) return { problem: null };
  if (direct?.rank === file.rank) {
    return {
      problem: `${fileKey(name)} (from ${direct.from}) and ${fileKey(fileName)} (from ${file.from}) are both set; give one`,
    };
  }
  const named = `${fileKey(fileName)} = "${printable(path)}" (from ${file.from})`;
  const { kind } = SETTINGS[name];
  try {
    const text = readText(path);
    if (text === null) return { problem: `${named} does not exist` };
    const secret = kind.parse(text.trim());
    if (secret.ok && secret.value !== null)
      return { problem: null, value: { secret: secret.value, from: printable(path) } };
    const what = name === 'apiToken' ? 'token' : fileKey(name);
    return { problem: `${named} holds no ${what}; allowed: ${kind.allowed}` };
  } catch (error) {
    return { problem: `${named} cannot be read: ${printable(error instanceof Error ? error.message : String(error))}` };
  }
}
