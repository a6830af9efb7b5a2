import type { Logger } from 'pino';
import { type ApiError, apiError } from './api-error.ts';
import { type ErrorForm, errorAnswer } from './error-form.ts';
import type { NewConnections } from './new-connections.ts';
import {
  type Answer,
  type ApiContext,
  type ApiRequest,
  isFailed,
  type Operation,
  type StreamedAnswer,
} from './operation.ts';
import { ORIGINAL_PREFIX } from './original-api.ts';

/** Runs an operation, whichever way its request came in: what it says, and what goes wrong in it, becomes one answer. */
export interface Answering {
  readonly context: ApiContext;
  readonly logger: Logger;
  readonly newConnections: NewConnections;
}

const formOf = ({ path }: Operation): ErrorForm => (path.startsWith(ORIGINAL_PREFIX) ? 'envelope' : 'problem');

/** `take` is called once. */
export function answer(
  operation: Operation,
  request: ApiRequest,
  answering: Answering,
  take: (answer: Answer | StreamedAnswer) => void,
): void {
  const run = (): void => carryOut(operation, request, answering, take);
  // A read costs no fsync, and node:http answers whoever ends its side right after the request only if that is done at once.
  if (operation.method === 'GET') run();
  else answering.newConnections.whenGathered(run);
}

function carryOut(
  operation: Operation,
  request: ApiRequest,
  { context, logger }: Answering,
  take: (answer: Answer | StreamedAnswer) => void,
): void {
  const finish = (outcome: Answer | StreamedAnswer | ApiError): void =>
    take(isFailed(outcome) ? errorAnswer(outcome, formOf(operation)) : outcome);
  const fail = (error: unknown): void => finish(unexpected(error, operation.method, operation.path, logger));
  let outcome: ReturnType<Operation['handle']>;
  try {
    outcome = operation.handle(request, context);
  } catch (error) {
    fail(error);
    return;
  }
  if (outcome instanceof Promise) outcome.then(finish, fail);
  else finish(outcome);
}

/** The route and the error, never headers or bodies (I11). */
export function unexpected(error: unknown, method: string, route: string | undefined, logger: Logger): ApiError {
  logger.error({ err: error, method, route }, 'a request met an error that should not happen');
  return apiError('internal_error', 'the node’s log has the error');
}
