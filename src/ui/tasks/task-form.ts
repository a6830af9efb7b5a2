import type { ReadTask } from '../api/answers.ts';
import { tooLong } from './schedule-length.ts';

/** What is typed into the form of a task, as text, and the request that it becomes. */
export interface TaskForm {
  readonly name: string;
  readonly tags: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly url: string;
  readonly method: string;
  /** One a line: `name: value`. */
  readonly headers: string;
  /** JSON, or nothing. It is sent byte for byte. */
  readonly body: string;
  readonly attempts: string;
  readonly backoff: string;
  readonly backoffMax: string;
  readonly delivery: string;
}

export const DEFAULT_FORM: TaskForm = {
  name: '',
  tags: '',
  schedule: '',
  timezone: '',
  url: '',
  method: 'POST',
  headers: '',
  body: '',
  attempts: '5',
  backoff: '1s',
  backoffMax: '5m',
  delivery: 'at_least_once',
};

export interface DraftRequest {
  /** JSON text, indented for reading; the callback's body stands in it as it was typed. */
  readonly text: string;
  /** By JSON Pointer, what this page sees itself; the node judges the rest. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Left out what is as it would be anyway, so that the request says what is special about the task. */
export function createRequest(form: TaskForm): DraftRequest {
  const problems = problemsOf(form);
  const { attempts, backoff, backoffMax } = DEFAULT_FORM;
  const retry = members([
    form.attempts === attempts ? null : ['attempts', printNumber(form.attempts)],
    form.backoff === backoff ? null : ['backoff', text(form.backoff)],
    form.backoffMax === backoffMax ? null : ['backoff_max', text(form.backoffMax)],
  ]);
  const tags = readTags(form.tags);
  const headers = headerMembers(form.headers);
  const request = members([
    form.name === '' ? null : ['name', text(form.name)],
    tags.length === 0 ? null : ['tags', textList(tags)],
    ['schedule', text(form.schedule.trim())],
    form.timezone === '' ? null : ['timezone', text(form.timezone)],
    ['callback', callbackMembers(form, headers.length === 0 ? null : headers)],
    retry.length === 0 ? null : ['retry', retry],
    form.delivery === DEFAULT_FORM.delivery ? null : ['delivery', text(form.delivery)],
  ]);
  return { text: print(request), problems };
}

/** What was changed, and no more (RFC 7396). */
export function updateRequest(form: TaskForm, before: TaskForm): DraftRequest {
  const changed = (...names: (keyof TaskForm)[]): boolean => names.some((name) => form[name] !== before[name]);
  const removed = headerMembers(before.headers)
    .filter(([name]) => !headerMembers(form.headers).some(([kept]) => kept.toLowerCase() === name.toLowerCase()))
    .map(([name]): Member => [name, 'null']);
  const callback = members([
    changed('url') ? ['url', text(form.url.trim())] : null,
    changed('method') ? ['method', text(form.method)] : null,
    changed('headers') ? ['headers', [...headerMembers(form.headers), ...removed]] : null,
    changed('body') ? ['body', form.body.trim() === '' ? 'null' : form.body.trim()] : null,
  ]);
  const retry = members([
    changed('attempts') ? ['attempts', printNumber(form.attempts)] : null,
    changed('backoff') ? ['backoff', text(form.backoff)] : null,
    changed('backoffMax') ? ['backoff_max', text(form.backoffMax)] : null,
  ]);
  const request = members([
    changed('name') ? ['name', form.name === '' ? 'null' : text(form.name)] : null,
    changed('tags') ? ['tags', textList(readTags(form.tags))] : null,
    changed('schedule') ? ['schedule', text(form.schedule.trim())] : null,
    changed('timezone') && form.timezone !== '' ? ['timezone', text(form.timezone)] : null,
    callback.length === 0 ? null : ['callback', callback],
    retry.length === 0 ? null : ['retry', retry],
    changed('delivery') ? ['delivery', text(form.delivery)] : null,
  ]);
  return { text: print(request), problems: problemsOf(form) };
}

export function formOf(task: ReadTask): TaskForm {
  const { callback, retry } = task;
  return {
    name: task.name ?? '',
    tags: task.tags.join(', '),
    schedule: task.schedule,
    timezone: task.timezone ?? '',
    url: callback.url,
    method: callback.method,
    headers: Object.entries(callback.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    body: task.bodyText ?? '',
    attempts: String(retry.attempts),
    backoff: retry.backoff,
    backoffMax: retry.backoff_max,
    delivery: task.delivery,
  };
}

function problemsOf(form: TaskForm): Readonly<Record<string, string>> {
  const problems: Record<string, string> = {};
  if (form.schedule.trim() === '') problems['/schedule'] = 'say when: a crontab line, an interval or an instant';
  const length = tooLong(form.schedule);
  if (length !== null) problems['/schedule'] = length;
  if (form.url.trim() === '') problems['/callback/url'] = 'say which URL is to be called';
  const badHeader = form.headers.split('\n').find((line) => line.trim() !== '' && !/^[^:]+:/.test(line));
  if (badHeader !== undefined) problems['/callback/headers'] = `"${badHeader.trim()}" is not as "name: value"`;
  if (!/^[0-9]+$/.test(form.attempts)) problems['/retry/attempts'] = 'must be a whole number';
  if (form.body.trim() === '') return problems;
  try {
    JSON.parse(form.body);
  } catch (error) {
    problems['/callback/body'] = `is not JSON: ${error instanceof Error ? error.message : ''}`;
  }
  return problems;
}

/** JSON by hand, because a body goes in as it was typed: `1.0`, its order and its long numbers. A string is JSON text already. */
type Member = readonly [name: string, value: string | readonly Member[]];

const text = (value: string): string => JSON.stringify(value);
const textList = (values: readonly string[]): string => `[${values.map(text).join(', ')}]`;
const printNumber = (value: string): string => (/^[0-9]+$/.test(value) ? String(Number(value)) : text(value));
const members = (given: readonly (Member | null)[]): readonly Member[] => given.filter((member) => member !== null);

function print(given: readonly Member[], indent = ''): string {
  if (given.length === 0) return '{}';
  const inner = `${indent}  `;
  const lines = given.map(([name, value]) => {
    const printed = typeof value === 'string' ? value : print(value, inner);
    return `${inner}${text(name)}: ${printed}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function callbackMembers(form: TaskForm, headers: readonly Member[] | null): readonly Member[] {
  return members([
    ['url', text(form.url.trim())],
    form.method === DEFAULT_FORM.method ? null : ['method', text(form.method)],
    headers === null ? null : ['headers', headers],
    form.body.trim() === '' ? null : ['body', form.body.trim()],
  ]);
}

const readTags = (tags: string): readonly string[] => [
  ...new Set(
    tags
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  ),
];

function headerMembers(headers: string): readonly Member[] {
  return headers
    .split('\n')
    .map((line) => /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', value = '']): Member => [name, text(value)]);
}
