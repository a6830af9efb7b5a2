import { STATUS_CODES } from 'node:http';
import type { Clock } from '../clock.ts';
import { invariant } from '../invariant.ts';
import { type Answer, JSON_TYPE } from './operation.ts';

/** An answer as it goes over the wire, with the headers that node:http writes: a client cannot tell which of the two it met. */
export type AnswerText = (answer: Answer, closing: boolean) => string;

const VISIBLE = /^[\x20-\x7e]*$/;

export function createAnswerText(clock: Clock, keepAliveMs: number): AnswerText {
  const stays = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}`;
  let second = -1;
  let date = '';

  return ({ status, body, headers, contentType = JSON_TYPE }, closing) => {
    const nowSecond = Math.floor(clock.nowMs() / 1_000);
    if (nowSecond !== second) {
      second = nowSecond;
      date = new Date(second * 1_000).toUTCString();
    }
    let more = '';
    for (const name in headers) {
      const value = headers[name] ?? '';
      invariant(VISIBLE.test(value), 'I10', `the header ${name} holds what would end it`);
      more += `${name}: ${value}\r\n`;
    }
    return (
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${contentType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${more}Date: ${date}\r\n${closing ? 'Connection: close' : stays}\r\n\r\n${body}`
    );
  };
}
