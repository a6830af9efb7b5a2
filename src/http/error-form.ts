import { type ApiError, problemJson } from './api-error.ts';
import { CATALOGUE } from './error-catalogue.ts';
import type { Answer } from './operation.ts';
import { envelopeError, originalCode } from './original-api.ts';

/** Which API was asked, and so in which form an error is told. */
export type ErrorForm = 'problem' | 'envelope';

/** The original API answers 200, except to those who may not ask at all, and to what is no HTTP. */
export function errorAnswer(error: ApiError, form: ErrorForm): Answer {
  const { headers } = error;
  if (form === 'problem') {
    const { status } = CATALOGUE[error.code];
    return { status, body: problemJson(error), contentType: 'application/problem+json; charset=utf-8', headers };
  }
  const told = { ...error, code: originalCode(error) };
  const { status, wholeServer } = CATALOGUE[told.code];
  return { status: wholeServer === true ? status : 200, body: envelopeError(told), headers };
}
