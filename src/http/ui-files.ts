import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { invariant } from '../invariant.ts';
import { UI_BYTES_MAX, UI_FILES_MAX } from './limits.ts';

/**
 * The pages for the browser, as `npm run ui` built them, held in memory from the start: a build that replaces them meanwhile changes
 * nothing for whoever is being served, and a path leads to one of these files or to none.
 */
export interface UiFiles {
  /** Below the base path: `/`, `/debug`, `/assets/…`. */
  readonly paths: readonly string[];
  answer(path: string, asked: AskedFile): Promise<FileAnswer>;
}

export interface AskedFile {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface FileAnswer {
  readonly status: 200 | 304 | 404;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

interface UiFile {
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
  readonly cacheControl: string;
  /** Made when it is first asked for. */
  compressed: Promise<Buffer> | null;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const PACKED_ALREADY = 'image/png';

/** Nothing inline, nothing from elsewhere, no request to another host: a callback's answer shown in a page stays text. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const GUARDS = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

const PAGES: Readonly<Record<string, string>> = { 'index.html': '/', 'debug.html': '/debug' };

/** The builder puts a hash of their content into the names of these, and of no others. */
const isImmutable = (path: string): boolean => path.startsWith('/assets/');

const compress = promisify(gzip);

export function readUiFiles(directory: string | null): UiFiles {
  if (directory === null) return notBuilt;
  const files = new Map<string, UiFile>();
  let bytes = 0;
  for (const name of namesUnder(directory)) {
    const contentType = CONTENT_TYPES[extname(name)];
    // The page for a machine without a node is one file, with all in it that the policy forbids here.
    if (contentType === undefined || name.startsWith('alone/')) continue;
    const content = readFileSync(join(directory, name));
    bytes += content.length;
    const path = PAGES[name] ?? `/${name}`;
    files.set(path, {
      content,
      contentType,
      etag: `"${hash('sha256', content, 'base64url').slice(0, 22)}"`,
      cacheControl: isImmutable(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      compressed: null,
    });
  }
  // What is larger is no build of ours.
  if (!files.has('/') || files.size > UI_FILES_MAX || bytes > UI_BYTES_MAX) return notBuilt;
  return {
    paths: [...files.keys()],
    async answer(path, { acceptEncoding, ifNoneMatch }) {
      const file = files.get(path);
      invariant(file !== undefined, 'I10', `${path} was not read`);
      const headers = {
        ...GUARDS,
        'content-type': file.contentType,
        'cache-control': file.cacheControl,
        etag: file.etag,
        vary: 'accept-encoding',
      };
      if (ifNoneMatch?.includes(file.etag) === true) return { status: 304, headers, body: '' };
      const plain = file.contentType === PACKED_ALREADY || !/\bgzip\b/.test(acceptEncoding ?? '');
      if (plain) return { status: 200, headers, body: file.content };
      file.compressed ??= compress(file.content);
      return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: await file.compressed };
    },
  };
}

function namesUnder(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch {
    return [];
  }
}

const HOW_TO_BUILD = `xcron serves its API here, and no pages yet: they are not built.

In a clone, "npm run ui" builds them; "npm start" does so by itself. Then start this node again.
What the API can do stands at openapi.json.
`;

/** The API works all the same, and whoever looks is told in words. */
const notBuilt: UiFiles = {
  paths: Object.values(PAGES),
  answer: async () => ({
    status: 404,
    headers: { ...GUARDS, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' },
    body: HOW_TO_BUILD,
  }),
};
