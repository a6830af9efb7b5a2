/** What the command line reads of the API's answers. Anything may be absent: the node may be older or newer than this. */
export interface TaskAnswer {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly nextAt: string;
  readonly method: string;
  readonly url: string;
  readonly tags: string;
  readonly delivery: string;
  readonly version: string;
  readonly createdAt: string;
}

export interface ExecutionAnswer {
  readonly id: string;
  readonly trigger: string;
  readonly scheduledAt: string;
  readonly state: string;
  readonly attempts: readonly AttemptAnswer[];
}

export interface AttemptAnswer {
  readonly number: string;
  readonly result: string;
  readonly node: string;
  readonly startedAt: string;
  readonly durationMs: string;
  readonly answer: string;
}

export interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

export function readPage(json: unknown): Page {
  const items = member(json, 'items');
  const cursor = member(json, 'next_cursor');
  return { items: Array.isArray(items) ? items : [], nextCursor: typeof cursor === 'string' ? cursor : null };
}

export function readTask(json: unknown): TaskAnswer {
  const callback = member(json, 'callback');
  const tags = member(json, 'tags');
  return {
    id: text(json, 'id'),
    name: text(json, 'name'),
    state: text(json, 'state'),
    schedule: text(json, 'schedule'),
    timezone: text(json, 'timezone'),
    nextAt: text(json, 'next_at'),
    method: text(callback, 'method'),
    url: text(callback, 'url'),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string').join(', ') : '',
    delivery: text(json, 'delivery'),
    version: text(json, 'version'),
    createdAt: text(json, 'created_at'),
  };
}

export function readExecution(json: unknown): ExecutionAnswer {
  const attempts = member(json, 'attempts');
  return {
    id: text(json, 'id'),
    trigger: text(json, 'trigger'),
    scheduledAt: text(json, 'scheduled_at'),
    state: text(json, 'state'),
    attempts: Array.isArray(attempts) ? attempts.map(readAttempt) : [],
  };
}

function readAttempt(json: unknown): AttemptAnswer {
  const startedAt = text(json, 'started_at');
  const tookMs = Date.parse(text(json, 'ended_at')) - Date.parse(startedAt);
  const status = text(json, 'status');
  return {
    number: text(json, 'number'),
    result: text(json, 'result'),
    node: text(json, 'node_id'),
    startedAt,
    durationMs: Number.isNaN(tookMs) ? '' : `${tookMs} ms`,
    answer: status === '' ? text(json, 'error') : status,
  };
}

export function member(json: unknown, key: string): unknown {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, key)) return undefined;
  return (json as Readonly<Record<string, unknown>>)[key];
}

export function text(json: unknown, key: string): string {
  const value = member(json, key);
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
