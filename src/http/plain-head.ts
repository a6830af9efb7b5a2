import type { IncomingHttpHeaders } from 'node:http';
import { HEADERS_MAX, PLAIN_HEAD_BYTES_MAX, REQUEST_BODY_BYTES_MAX } from './limits.ts';

/**
 * The head of a POST in its plainest form: one line each, known headers, each once, a length, nothing that changes how the message is
 * read (RFC 9112). What is not that plain is left to node:http, so that two readers can never disagree on where a request ends.
 */
export interface PlainHead {
  /** As they came, blank line included: the same bytes again mean the same. */
  readonly bytes: Buffer;
  readonly path: string;
  readonly bodyBytes: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values, by turns. */
  readonly rawHeaders: readonly string[];
}

const END = '\r\n\r\n';
const REQUEST_LINE = /^POST (\/[\w./~-]*) HTTP\/1\.1$/;
const HEADER_LINE = /^([A-Za-z-]+): ?([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/;
const LENGTH = /^[1-9][0-9]{0,8}$/;
const NAMES: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'origin',
  'user-agent',
]);

/** Null: not that plain, or not whole. */
export function readPlainHead(received: Buffer): PlainHead | null {
  const end = received.indexOf(END);
  if (end < 0 || end > PLAIN_HEAD_BYTES_MAX) return null;
  const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const [, path] = REQUEST_LINE.exec(first) ?? [];
  if (path === undefined || lines.length > HEADERS_MAX) return null;
  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  for (const line of lines) {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const known = name.toLowerCase();
    if (!NAMES.has(known) || headers[known] !== undefined) return null;
    headers[known] = value;
    rawHeaders.push(name, value);
  }
  const { host, connection = 'keep-alive', 'content-type': type, 'content-length': length = '' } = headers;
  if (host === undefined || connection.toLowerCase() !== 'keep-alive' || type !== 'application/json') return null;
  if (!LENGTH.test(length) || Number(length) > REQUEST_BODY_BYTES_MAX) return null;
  const bytes = Buffer.from(received.subarray(0, end + END.length));
  return { bytes, path, bodyBytes: Number(length), headers, rawHeaders };
}

export const beginsWith = (received: Buffer, bytes: Buffer): boolean =>
  received.length >= bytes.length && received.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
