import type { AttemptAnswer } from '../api/answers.ts';

/** Why there was no answer, or none that counts. A node that is newer than this page may know others. */
const ERRORS: Readonly<Record<string, string>> = {
  blocked_address: 'its address may not be called',
  dns_failed: 'its name was not found',
  connect_refused: 'the connection was refused',
  connect_timeout: 'no connection in time',
  connect_failed: 'no connection',
  tls_failed: 'no secure connection (TLS)',
  request_invalid: 'the request cannot be written as HTTP',
  headers_timeout: 'no answer in time',
  total_timeout: 'it took longer than is allowed',
  connection_closed: 'the connection was closed before the answer was complete',
  response_invalid: 'what came was no HTTP',
  cancelled: 'it was broken off',
};

export const errorWords = (error: string): string => (Object.hasOwn(ERRORS, error) ? (ERRORS[error] ?? error) : error);

/** How an attempt ended, in words for a person. */
export function attemptWords({ result, status, error }: AttemptAnswer): string {
  switch (result) {
    case 'open':
      return 'on its way';
    case 'succeeded':
      return `succeeded${status === null ? '' : ` with ${status}`}`;
    case 'failed':
      return status === null
        ? `failed: ${errorWords(error ?? 'no answer')}`
        : `answered ${status}${error === null ? '' : `: ${errorWords(error)}`}`;
    case 'lost':
      return 'lost with its node; what became of the request is not known';
    case 'withheld':
      return 'withheld: the task was changed before it was sent';
  }
}

/** What the excerpt is: where there was no status, nothing came from the target. */
export const excerptTitle = ({ status }: Pick<AttemptAnswer, 'status'>): string =>
  status === null ? 'Details' : 'What the target answered';

/** From the first byte to the end of the answer; null while it is not over, or never began. */
export function tookMs({ started_at, ended_at }: AttemptAnswer): number | null {
  return started_at === null || ended_at === null ? null : Date.parse(ended_at) - Date.parse(started_at);
}

/** How late the first request left. */
export function lateByMs(scheduledAt: string, attempts: readonly AttemptAnswer[]): number | null {
  const first = attempts.find(({ number }) => number === 1);
  return first?.started_at == null ? null : Date.parse(first.started_at) - Date.parse(scheduledAt);
}

export function printMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
