import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CATALOGUE, ERROR_CODES } from './error-catalogue.ts';

/**
 * Writes docs/errors.md from the catalogue; `--check` fails where the two differ instead.
 *
 *   node src/http/error-catalogue-doc.ts [--check]
 */
export const ERRORS_FILE = join(import.meta.dirname, '..', '..', 'docs', 'errors.md');

const HEAD = `# Errors

Made from \`src/http/error-catalogue.ts\` by \`node src/http/error-catalogue-doc.ts\`; do not edit by hand.

The full API (\`/v1/*\`) answers with the status and with \`application/problem+json\` (RFC 9457): \`code\` is stable, \`detail\` is for
people, \`errors\` names fields by JSON Pointer. The original API (\`/xcron/*\`) answers 200 with the number as \`code\` in its envelope;
only where "status too" stands does it answer with the status as well. Several errors share a number there: older clients know
the kind, the message says the rest.
`;

export function errorsMarkdown(): string {
  const sections = ERROR_CODES.map((code) => {
    const { number, status, title, meaning, remedy, wholeServer } = CATALOGUE[code];
    const original = wholeServer === true ? `${number}, status too` : String(number);
    return `## \`${code}\`\n\n${title}. Status ${status}; original API ${original}.\n\n${meaning}\n\nWhat to do: ${remedy}\n`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const same = readFileSync(ERRORS_FILE, 'utf8') === errorsMarkdown();
    if (!same) process.stderr.write('docs/errors.md differs: run node src/http/error-catalogue-doc.ts\n');
    process.exitCode = same ? 0 : 1;
  } else {
    mkdirSync(dirname(ERRORS_FILE), { recursive: true });
    writeFileSync(ERRORS_FILE, errorsMarkdown());
  }
}
