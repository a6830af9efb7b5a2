import { hash } from 'node:crypto';
import { Compile, type Validator } from 'typebox/compile';
import { ok, type Result, refused } from '../result.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { ControlError, Verb, VerbInput, VerbOutcome } from './verb.ts';

/**
 * The JSON of operations over NATS, versioned: `{"v":1,"request_id":"…", …input}`. An empty message is version 1 without input. The answer is
 * `{"v":1,"node_id":"n1","ok":true,"result":{…}}`, or `"ok":false` with an error.
 */
const PROTOCOL_VERSION = 1;
const REQUEST_BYTES_MAX = 64 * 1_024;
const REQUEST_ID_CHARS_MAX = 128;

export interface ControlRequest {
  readonly requestId: CommandId | null;
  readonly input: VerbInput;
}

const validators = new Map<string, Validator>();

function validatorOf(verb: Verb): Validator {
  let validator = validators.get(verb.name);
  if (validator === undefined) {
    validator = Compile(verb.input);
    validators.set(verb.name, validator);
  }
  return validator;
}

export function readRequest(verb: Verb, data: Uint8Array): Result<ControlRequest, ControlError> {
  const malformed = (detail: string): Result<ControlRequest, ControlError> =>
    refused({ code: 'validation_failed', detail });
  if (data.length > REQUEST_BYTES_MAX) return malformed(`at most ${REQUEST_BYTES_MAX} bytes are taken`);
  let value: unknown = {};
  try {
    if (data.length > 0) value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    return malformed('the message is not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return malformed('the message is no JSON object');
  const { v = PROTOCOL_VERSION, request_id: requestId, ...input } = value as Readonly<Record<string, unknown>>;
  if (v !== PROTOCOL_VERSION)
    return malformed(`"v" is ${JSON.stringify(v)}; this node speaks version ${PROTOCOL_VERSION}`);
  if (requestId !== undefined && !isRequestId(requestId)) {
    return malformed(`"request_id" is no text of 1 to ${REQUEST_ID_CHARS_MAX} visible ASCII characters`);
  }
  const validator = validatorOf(verb);
  if (!validator.Check(input)) {
    const [first] = validator.Errors(input);
    return malformed(first === undefined ? 'the input does not fit' : inWords(first));
  }
  return ok({ requestId: requestId === undefined ? null : idOf(verb, requestId, input), input });
}

/** With what it stands for, as over HTTP: under an id of before, another request would be told that it was done. */
function idOf({ name }: Verb, requestId: string, input: VerbInput): CommandId {
  const id = `nats/${name}/${requestId}`;
  const fields = Object.entries(input).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (fields.length === 0) return id as CommandId;
  return `${id}/${hash('sha256', JSON.stringify(fields), 'base64url')}` as CommandId;
}

/** The library says of a field that is not in the schema that the schema is false. */
const inWords = ({ instancePath, message }: { readonly instancePath: string; readonly message: string }): string =>
  `${instancePath || '/'} ${message === 'schema is false' ? 'is not known' : message}`;

const isRequestId = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= REQUEST_ID_CHARS_MAX && /^[\x21-\x7e]+$/.test(value);

export function answerJson(nodeId: string, outcome: VerbOutcome): string {
  const head = { v: PROTOCOL_VERSION, node_id: nodeId, ok: outcome.ok };
  if (outcome.ok) return JSON.stringify({ ...head, result: outcome.result });
  const { code, detail, retryAfterMs, taskId } = outcome.error;
  const error = {
    code,
    detail,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(taskId == null ? {} : { task_id: taskId }),
  };
  return JSON.stringify({ ...head, error });
}
