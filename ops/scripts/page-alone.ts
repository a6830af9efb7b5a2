import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A page and all it is made of in one file, to be opened from a disk: a browser loads no module from there. Its policy lets it ask nobody.
 * `directory` holds a build of that page alone, in one script.
 */
export function pageAlone(directory: string, name: string): string {
  const read = (path: string): string => readFileSync(join(directory, path), 'utf8');
  const icon = `data:image/svg+xml;base64,${Buffer.from(read('icon.svg')).toString('base64')}`;
  const inline = (path: string): string =>
    read(path)
      .replaceAll('</script', String.raw`<\/script`)
      .replaceAll('./icon.svg', () => icon);
  const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
  // Functions give the replacements: what is put in may hold a "$&".
  return read(name)
    .replace(
      '<meta charset="utf-8">',
      (found) => `${found}\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`,
    )
    .replace('href="./icon.svg"', () => `href="${icon}"`)
    .replace(/<script\s+src="([^"]+)"><\/script>/g, (_, path: string) => `<script>${inline(path)}</script>`)
    .replace(
      /<script type="module"[^>]* src="([^"]+)"><\/script>/g,
      (_, path: string) => `<script type="module">${inline(path)}</script>`,
    )
    .replace(/<link rel="stylesheet"[^>]* href="([^"]+)">/g, (_, path: string) => `<style>${read(path)}</style>`);
}
