import { printable } from './terminal.ts';

/** RFC 9457, as the API fills it in. */
export interface Problem {
  readonly title: string;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

export function readProblem(json: unknown): Problem | null {
  if (!isRecord(json) || typeof json.title !== 'string') return null;
  const text = (key: string): string => (typeof json[key] === 'string' ? json[key] : '');
  const listed: readonly unknown[] = Array.isArray(json.errors) ? json.errors : [];
  const errors = listed.filter(isRecord).map((error) => ({
    path: typeof error.path === 'string' ? error.path : '',
    message: typeof error.message === 'string' ? error.message : '',
  }));
  return { title: text('title'), code: text('code'), detail: text('detail'), errors };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The detail and a line for each part that is wrong, none of it said twice. */
export function problemInWords({ title, detail, errors }: Problem): string {
  const parts = errors.map((error) => `${pointerInWords(error.path)}${printable(error.message)}`);
  const isSaidByParts = errors.length > 0 && errors.every((error) => detail.includes(error.message));
  if (isSaidByParts && errors.length === 1) return parts.join('');
  const summary = printable(isSaidByParts || detail === '' ? title : detail);
  return [summary, ...parts.map((part) => `  ${part}`)].join('\n');
}

/** `/callback/headers/0` as `callback.headers[0]: ` (RFC 6901). */
function pointerInWords(path: string): string {
  if (path === '') return '';
  const tokens = path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const words = tokens.map((token, position) =>
    /^\d+$/.test(token) ? `[${token}]` : `${position === 0 ? '' : '.'}${printable(token)}`,
  );
  return `${words.join('')}: `;
}
