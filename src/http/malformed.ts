import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ApiError, apiError, problemJson } from './api-error.ts';
import { CATALOGUE } from './error-catalogue.ts';
import { HEAD_BYTES_MAX } from './limits.ts';

/** Answers what never became a request. There is no response object then, only the socket; nothing more is read from it. */
export function answerMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  endWith(socket, malformation(error.code));
}

export function endWith(socket: Socket, error: ApiError): void {
  const { status } = CATALOGUE[error.code];
  const body = problemJson(error);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function malformation(code: string | undefined): ApiError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return apiError('head_too_large', `the request line and headers have more than ${HEAD_BYTES_MAX} bytes together`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return apiError('request_timeout', 'the request was not complete in time');
    default:
      return apiError('http_malformed', 'what came could not be read as an HTTP/1.1 request');
  }
}
