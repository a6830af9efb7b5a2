import { type Command, Option } from 'commander';
import type { Kind } from './setting-kind.ts';
import { flagOf, SETTING_NAMES, SETTINGS, type SettingName } from './settings.ts';

/** Flags as commander keeps them: by setting, texts that are not judged yet. */
export interface NodeFlags {
  readonly given: ReadonlyMap<SettingName, string>;
  readonly config: string | null;
}

export function withNodeFlags(command: Command): Command {
  command.addOption(new Option('--config <FILE>', 'configuration file (default: ./xcron.toml, if there is one)'));
  for (const name of SETTING_NAMES) command.addOption(settingOption(name));
  return command;
}

function settingOption(name: SettingName): Option {
  const { kind, fallback, help, secret } = SETTINGS[name] as {
    readonly kind: Kind<unknown>;
    readonly fallback: unknown;
    readonly help: string;
    readonly secret?: true;
  };
  // Known, so that it can be refused with what to do instead; commander's own refusal would repeat its value (I11).
  if (secret === true) return new Option(`${flagOf(name)} <${kind.placeholder}>`).hideHelp();
  const isSwitch = kind.allowed === 'true or false';
  const placeholder = isSwitch ? `[${kind.placeholder}]` : `<${kind.placeholder}>`;
  const option = new Option(`${flagOf(name)} ${placeholder}`, `${help} (default: ${kind.show(fallback)})`);
  return option.argParser((value: string, before: string | undefined) =>
    kind.toml.includes('array') && before !== undefined ? `${before},${value}` : value,
  );
}

export function flagsOf(options: Readonly<Record<string, unknown>>): NodeFlags {
  const given = new Map<SettingName, string>();
  for (const name of SETTING_NAMES) {
    const value = options[name];
    if (value === true) given.set(name, 'true');
    if (typeof value === 'string') given.set(name, value);
  }
  return { given, config: typeof options.config === 'string' ? options.config : null };
}
