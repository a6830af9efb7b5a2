import type { SubmitOutcome, UnavailableReason } from '../node/api.ts';
import type { Refusal } from '../tasks/command.ts';
import type { TaskId } from '../tasks/task.ts';
import { CATALOGUE, type ErrorCode } from './error-catalogue.ts';

export interface FieldError {
  /** JSON Pointer (RFC 6901) into what the client sent. */
  readonly path: string;
  readonly message: string;
}

/** An error as a value. Each API says it in its own form: problem+json, or the original envelope. */
export interface ApiError {
  readonly failed: true;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  /** The task that may have been changed, where the outcome is not known. */
  readonly taskId: TaskId | null;
}

const NO_HEADERS = {};

export function apiError(code: ErrorCode, detail: string, errors: readonly FieldError[] = []): ApiError {
  return { failed: true, code, detail, errors, headers: NO_HEADERS, taskId: null };
}

export const fieldError = (code: ErrorCode, path: string, message: string): ApiError =>
  apiError(code, path === '' ? message : `${path} ${message}`, [{ path, message }]);

const refusalError = (refusal: Refusal): ApiError => apiError(refusal.code, refusal.message, refusal.errors);

export function unavailableError(reason: UnavailableReason, retryAfterMs: number): ApiError {
  const retryAfter = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return { ...apiError(reason, CATALOGUE[reason].meaning), headers: { 'retry-after': retryAfter } };
}

export function outcomeUnknown(taskId: TaskId | null): ApiError {
  return { ...apiError('outcome_unknown', CATALOGUE.outcome_unknown.meaning), taskId };
}

export function failedSubmit(outcome: Exclude<SubmitOutcome, { readonly outcome: 'committed' }>): ApiError {
  switch (outcome.outcome) {
    case 'refused':
      return refusalError(outcome.refusal);
    case 'unavailable':
      return unavailableError(outcome.reason, outcome.retryAfterMs);
    case 'unknown':
      return outcomeUnknown(outcome.taskId);
  }
}

const PROBLEM_TYPE_PREFIX = 'urn:xcron:error:';

/** RFC 9457. */
export function problemJson(error: ApiError): string {
  const { status, title } = CATALOGUE[error.code];
  return JSON.stringify({
    type: `${PROBLEM_TYPE_PREFIX}${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.detail,
    errors: error.errors,
    ...(error.taskId === null ? {} : { task_id: error.taskId }),
  });
}
