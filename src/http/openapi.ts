import { Type } from 'typebox';
import { problemSchema } from './answer-schema.ts';
import { CATALOGUE, type ErrorCode } from './error-catalogue.ts';
import type { Operation } from './operation.ts';
import { ORIGINAL_PREFIX } from './original-api.ts';

/** /openapi.json, made from the very values that are served and checked, so that it cannot say anything else. */

/** What any operation may answer with, by what it takes. */
const ANY: readonly ErrorCode[] = [
  'http_malformed',
  'head_too_large',
  'url_too_long',
  'request_timeout',
  'internal_error',
];
const ANY_GUARDED: readonly ErrorCode[] = ['unauthorized', 'host_refused', 'origin_refused', 'too_many_connections'];
const ANY_WITH_BODY: readonly ErrorCode[] = [
  'json_malformed',
  'json_not_utf8',
  'json_too_deep',
  'body_missing',
  'body_too_large',
  'content_type_refused',
  'content_encoding_refused',
  'validation_failed',
];
const ANY_OF_NODE: readonly ErrorCode[] = ['starting', 'no_leader', 'stopping', 'storage_failed', 'overloaded'];

export function errorsOf(operation: Operation): readonly ErrorCode[] {
  const asksNode = operation.errors.length > 0;
  return [
    ...new Set([
      ...operation.errors,
      ...ANY,
      ...(operation.open === true ? [] : ANY_GUARDED),
      ...(operation.body === undefined ? [] : ANY_WITH_BODY),
      ...(operation.query === undefined ? [] : (['validation_failed'] as const)),
      ...(asksNode ? ANY_OF_NODE : []),
    ]),
  ];
}

export function openApiDocument(operations: readonly Operation[], version: string, basePath: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const item = paths[operation.path] ?? {};
    item[operation.method.toLowerCase()] = operationObject(operation);
    paths[operation.path] = item;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'xcron',
      version,
      description: 'A distributed scheduler: post a task, and its URL is called at that time.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema, OriginalError: originalErrorSchema },
    },
    'x-error-codes': CATALOGUE,
  };
}

const originalErrorSchema = Type.Object(
  {
    uuid: Type.String(),
    code: Type.Integer({ description: 'The `number` of the error in x-error-codes.' }),
    message: Type.String(),
    data: Type.Optional(Type.Object({ task_id: Type.String() })),
  },
  { additionalProperties: false },
);

function operationObject(operation: Operation) {
  const { id, summary, body, bodyOptional, open } = operation;
  const parameters = [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)];
  return {
    operationId: id,
    summary,
    ...(open === true ? { security: [{}] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: bodyOptional !== true, content: requestContent(operation) } }),
    responses: responses(operation),
    'x-error-codes': errorsOf(operation),
  };
}

function requestContent({ method, body }: Operation) {
  const json = { 'application/json': { schema: body } };
  return method === 'PATCH' ? { ...json, 'application/merge-patch+json': { schema: body } } : json;
}

const pathParameters = ({ path }: Operation) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: '^[1-9][0-9]{0,18}$' },
  }));

function queryParameters({ query }: Operation) {
  const { properties = {}, required = [] } = (query ?? {}) as {
    readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(schema.description === undefined ? {} : { description: schema.description }),
    schema,
  }));
}

const headerParameters = ({ headers = [] }: Operation) =>
  headers.map(({ name, description }) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));

function responses(operation: Operation) {
  const { status, description, schema, headers = {}, contentType = 'application/json' } = operation.success;
  const found: Record<string, unknown> = {};
  const headerObjects = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  found[status] = {
    description,
    ...(headerObjects.length === 0 ? {} : { headers: Object.fromEntries(headerObjects) }),
    content: { [contentType]: { schema } },
  };
  const { otherwise } = operation;
  if (otherwise !== undefined) {
    found[otherwise.status] = { description: otherwise.description, content: { [contentType]: { schema } } };
  }
  const original = operation.path.startsWith(ORIGINAL_PREFIX);
  for (const [errorStatus, codes] of codesByStatus(operation, original)) {
    // The original API tells errors under 200 too, in the envelope that its success schema describes.
    if (found[errorStatus] !== undefined) continue;
    found[errorStatus] = {
      description: codes.map((code) => `\`${code}\`: ${CATALOGUE[code].title}.`).join(' '),
      content: original
        ? { 'application/json': { schema: { $ref: '#/components/schemas/OriginalError' } } }
        : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return found;
}

function codesByStatus(operation: Operation, original: boolean): Map<number, ErrorCode[]> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(operation)) {
    const { status, wholeServer } = CATALOGUE[code];
    const told = original && wholeServer !== true ? 200 : status;
    byStatus.set(told, [...(byStatus.get(told) ?? []), code]);
  }
  return byStatus;
}
