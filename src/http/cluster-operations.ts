import { type TObject, type TSchema, Type } from 'typebox';
import { statusJson, statusSchema } from '../control/reading-verbs.ts';
import type { ControlError, Verb, VerbInput } from '../control/verb.ts';
import { VERBS } from '../control/verbs.ts';
import { ok, type Result } from '../result.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { type ApiError, apiError, outcomeUnknown, unavailableError } from './api-error.ts';
import { CATALOGUE } from './error-catalogue.ts';
import { readIdempotency } from './idempotency.ts';
import type { ApiRequest, Operation } from './operation.ts';
import { IDEMPOTENCY_HEADER } from './shared-parameters.ts';

/** /v1/cluster: how the cluster stands, and the verbs of src/control, each under its name. */

const readCluster: Operation = {
  id: 'readCluster',
  method: 'GET',
  path: '/v1/cluster',
  summary: 'Say how the cluster stands, as this node sees it',
  success: { status: 200, description: 'The cluster.', schema: statusSchema },
  errors: [],
  handle: (_request, { node }) => ({ status: 200, body: JSON.stringify(statusJson(node)) }),
};

function operationOf(verb: Verb): Operation {
  const { name, access, summary, input, output, errors } = verb;
  const reads = access === 'read';
  const hasInput = Object.keys(input.properties).length > 0;
  return {
    id: `${camelCase(name)}Cluster`,
    method: reads ? 'GET' : 'POST',
    path: `/v1/cluster/${name}`,
    summary,
    ...(reads ? (hasInput ? { query: asQuery(input) } : {}) : { body: input, headers: [IDEMPOTENCY_HEADER] }),
    ...(reads || needsBody(input) ? {} : { bodyOptional: true as const }),
    success: { status: 200, description: reads ? 'As it is now.' : 'Done.', schema: output },
    errors: reads ? errors : [...errors, 'idempotency_key_refused'],
    async handle(request, { node, asked, host }) {
      const requestId = reads ? ok(null) : requestIdOf(request, verb);
      if (!requestId.ok) return requestId.error;
      const given = reads ? fromQuery(request.query, input) : ((request.json?.value ?? {}) as VerbInput);
      const outcome = await verb.run(given, { node, asked, host, requestId: requestId.value });
      return outcome.ok ? { status: 200, body: JSON.stringify(outcome.result) } : errorOf(outcome.error);
    },
  };
}

function requestIdOf({ headers, json }: ApiRequest, { name }: Verb): Result<CommandId | null, ApiError> {
  const key = readIdempotency(headers['idempotency-key'], `POST /v1/cluster/${name}`, json?.text ?? '');
  if (!key.ok) return key;
  // With what it stands for: the same key with another request is another operation.
  return ok(key.value === null ? null : (`key/${key.value.fingerprint}/${key.value.key}` as CommandId));
}

function errorOf({ code, detail, retryAfterMs, taskId }: ControlError): ApiError {
  if (code === 'outcome_unknown') return { ...outcomeUnknown(taskId ?? null), detail };
  if (retryAfterMs === undefined) return apiError(code, detail);
  return { ...unavailableError('no_leader', retryAfterMs), code, detail: CATALOGUE[code].meaning };
}

const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const needsBody = (input: TObject): boolean => (input.required ?? []).length > 0;

/** A query holds text: numbers are read from it. */
function asQuery(input: TObject): TSchema {
  const texts = Object.entries(input.properties).map(([name, schema]) => {
    const { description } = schema as { readonly description?: string };
    const text = Type.String({ pattern: '^[0-9]{1,15}$', ...(description === undefined ? {} : { description }) });
    return [name, Type.Optional(text)] as const;
  });
  return Type.Object(Object.fromEntries(texts), { additionalProperties: false });
}

function fromQuery(query: Readonly<Record<string, string>>, input: TObject): VerbInput {
  const bounds = input.properties as Readonly<Record<string, { readonly maximum?: number } | undefined>>;
  const numbers = Object.entries(query).map(([name, text]) => {
    const max = bounds[name]?.maximum;
    return [name, max === undefined ? Number(text) : Math.min(Number(text), max)] as const;
  });
  return Object.fromEntries(numbers);
}

export const clusterOperations: readonly Operation[] = [
  readCluster,
  ...VERBS.filter(({ name }) => name !== 'status').map(operationOf),
];
