import type { Configuration } from './configuration.ts';
import type { Kind } from './setting-kind.ts';
import { fileKey, SETTING_NAMES, SETTINGS } from './settings.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

/** `xcron serve --print-config`: what counts, and where each came from. Secrets are only said to be set (I11). */
export function configurationInWords(configuration: Extract<Configuration, { ok: true }>): readonly string[] {
  const rows = SETTING_NAMES.map((name) => {
    const { kind, secret } = SETTINGS[name] as { readonly kind: Kind<unknown>; readonly secret?: true };
    const value = configuration.values[name];
    const shown = secret === true && value !== null ? '(set, not shown)' : printable(kind.show(value));
    return [fileKey(name), shown, configuration.sources[name]];
  });
  return table(['SETTING', 'VALUE', 'FROM'], rows);
}
