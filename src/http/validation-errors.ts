import type { FieldError } from './api-error.ts';
import { ERRORS_TOLD_MAX } from './limits.ts';

/** What Ajv tells of a value that does not fit its schema. */
export interface SchemaViolation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string | undefined;
  readonly parentSchema?: { readonly description?: string } | undefined;
}

export const pointerToken = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** In our own words: what is wrong, where, what is allowed. The value is not repeated, it may be a secret (I11). */
export function fieldErrors(violations: readonly SchemaViolation[]): FieldError[] {
  const told = violations.slice(0, ERRORS_TOLD_MAX).map(fieldError);
  const left = violations.length - told.length;
  if (left > 0) told.push({ path: '', message: `and ${left} more` });
  return told;
}

function fieldError({ keyword, instancePath, params, message, parentSchema }: SchemaViolation): FieldError {
  const path = instancePath;
  switch (keyword) {
    case 'required':
      return { path: `${path}/${pointerToken(String(params.missingProperty))}`, message: 'is required' };
    case 'additionalProperties':
      return { path: `${path}/${shortened(pointerToken(String(params.additionalProperty)))}`, message: 'is not known' };
    case 'type':
      return { path, message: `must be ${typeInWords(params.type)}` };
    case 'enum':
      return { path, message: `must be one of ${allowedInWords(params.allowedValues)}` };
    case 'pattern':
      return { path, message: `must be ${parentSchema?.description ?? String(params.pattern)}` };
    case 'minLength':
    case 'maxLength':
      return {
        path,
        message: `must have ${keyword === 'minLength' ? 'at least' : 'at most'} ${params.limit} characters`,
      };
    case 'maxItems':
      return { path, message: `must have at most ${params.limit} items` };
    case 'uniqueItems':
      return { path, message: `must not hold the same item twice (${params.j} and ${params.i})` };
    case 'minimum':
      return { path, message: `must be at least ${params.limit}` };
    case 'maximum':
      return { path, message: `must be at most ${params.limit}` };
    default:
      return { path, message: message ?? 'is not allowed' };
  }
}

const NAME_CHARS_TOLD_MAX = 64;
const shortened = (name: string): string =>
  name.length <= NAME_CHARS_TOLD_MAX ? name : `${name.slice(0, NAME_CHARS_TOLD_MAX)}…`;

const TYPES_IN_WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  object: 'an object',
  array: 'an array',
  null: 'null',
  boolean: 'true or false',
};

function typeInWords(type: unknown): string {
  const types = Array.isArray(type) ? type : [type];
  return types.map((name) => TYPES_IN_WORDS[String(name)] ?? String(name)).join(' or ');
}

const allowedInWords = (values: unknown): string =>
  Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : '';
