import type { OutgoingHttpHeaders } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { invariant } from '../invariant.ts';
import type { Admission } from './admission.ts';
import { type Answering, answer, unexpected } from './answering.ts';
import { type ApiError, apiError } from './api-error.ts';
import { type DirectRoute, isDirect } from './direct-route.ts';
import { type ErrorForm, errorAnswer } from './error-form.ts';
import { ApiFailure, takeJsonBodies } from './json-parser.ts';
import {
  CONNECTIONS_CHECKED_EVERY_MS,
  type ConnectionLimits,
  HEAD_BYTES_MAX,
  HEADERS_MAX,
  REQUEST_BODY_BYTES_MAX,
  URL_CHARS_MAX,
} from './limits.ts';
import { answerMalformed } from './malformed.ts';
import { createOpenStreams } from './open-streams.ts';
import { type Answer, isStreamed, JSON_TYPE, type Operation } from './operation.ts';
import { ORIGINAL_PREFIX } from './original-api.ts';
import { createPathTable } from './path-table.ts';
import { inWords } from './task-draft.ts';
import type { UiFiles } from './ui-files.ts';
import { serveUi } from './ui-routes.ts';
import { fieldErrors, type SchemaViolation } from './validation-errors.ts';

/** Joins operations to the web framework. What an answer says is settled before it comes here. */
export interface AppOptions extends Answering {
  readonly operations: readonly Operation[];
  readonly admission: Admission;
  readonly limits: ConnectionLimits;
  readonly ui: UiFiles;
  /** True from the moment the server is closing: answers then end their connection. */
  readonly isClosing: () => boolean;
}

export interface App {
  readonly framework: FastifyInstance;
  /** By path; whole once the framework is ready. */
  readonly directRoutes: ReadonlyMap<string, DirectRoute>;
  /** Answers that have no end of their own. */
  endStreams(): void;
}

export function createApp(options: AppOptions): App {
  const { operations, context, admission, logger, limits, ui, isClosing } = options;
  const { basePath } = context;
  const app = fastify({
    // Ours is told of errors; a line and a child logger for each request would cost more than the request.
    logger: false,
    bodyLimit: REQUEST_BODY_BYTES_MAX,
    return503OnClosing: false,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: limits.headMs,
      connectionsCheckingInterval: CONNECTIONS_CHECKED_EVERY_MS,
    },
    routerOptions: { maxParamLength: URL_CHARS_MAX },
    ajv: {
      // Fastify's defaults turn "1" into 1 and strip unknown fields in silence.
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        verbose: true,
        strict: false,
      },
    },
    clientErrorHandler: answerMalformed,
    frameworkErrors: (_error, request, reply) => {
      const detail = 'the path is not percent-encoded as it should be';
      fail(request, reply, apiError('http_malformed', detail));
    },
  });
  // One more than is taken: node:http leaves out those beyond without a word, and we refuse instead.
  app.server.maxHeadersCount = HEADERS_MAX + 1;

  const formOf = (request: FastifyRequest): ErrorForm =>
    request.url.startsWith(basePath + ORIGINAL_PREFIX) ? 'envelope' : 'problem';

  const fail = (request: FastifyRequest, reply: FastifyReply, error: ApiError): void =>
    send(reply, errorAnswer(error, formOf(request)), isClosing());

  app.setErrorHandler((error, request, reply) => fail(request, reply, explain(error, request, logger)));

  const pages = ui.paths.map((path) => ({ path, method: 'GET' as const }));
  const table = createPathTable([...operations, ...pages], basePath);
  app.setNotFoundHandler((request, reply) => {
    const allowed = table.methodsAt(request.url);
    if (request.method === 'OPTIONS' && allowed.length > 0) {
      // No CORS headers: a browser's preflight fails, as it should.
      return void reply.code(204).header('allow', allowed.join(', ')).send();
    }
    const refusal = admission.refuseHead(request.raw) ?? admission.refuse(request.raw);
    if (refusal !== null) return fail(request, reply, refusal);
    if (allowed.length === 0) return fail(request, reply, apiError('route_not_found', 'nothing is at this path'));
    const methods = allowed.join(', ');
    const error = apiError('method_not_allowed', `${methods} ${allowed.length === 1 ? 'is' : 'are'} allowed here`);
    return fail(request, reply, { ...error, headers: { allow: methods } });
  });

  const openStreams = createOpenStreams();
  const directRoutes = new Map<string, DirectRoute>();

  const addRoute = (scope: FastifyInstance, operation: Operation): void => {
    const { body, query, bodyOptional, path, method } = operation;
    scope.route({
      method,
      url: basePath + path.replace(/\{(\w+)\}/g, ':$1'),
      schema: {
        ...(body === undefined ? {} : { body: bodyOptional === true ? { ...body, type: ['object', 'null'] } : body }),
        ...(query === undefined ? {} : { querystring: query }),
      },
      handler(request, reply) {
        const params = request.params as Readonly<Record<string, string>>;
        const asked = request.query as Readonly<Record<string, string>>;
        const asking = { params, query: asked, headers: request.headers, json: request.json };
        answer(operation, asking, options, (told) => {
          if (isStreamed(told)) openStreams.open(reply, told);
          else send(reply, told, isClosing());
        });
      },
    });
  };

  const addDirectRoute = (scope: FastifyInstance, operation: Operation): void => {
    const { method, path, body } = operation;
    const compiled = scope.validatorCompiler?.({ schema: body, method, url: basePath + path, httpPart: 'body' });
    invariant(compiled !== undefined, 'I10', `the body of ${path} has no check`);
    directRoutes.set(basePath + path, { operation, fits: (value) => compiled(value) === true });
  };

  const serve = (scope: FastifyInstance, open: boolean): void => {
    takeJsonBodies(scope);
    scope.addHook('onRequest', (request, reply, done) => {
      const { raw } = request;
      const refusal = admission.refuseHead(raw) ?? (open ? null : admission.refuse(raw));
      if (refusal === null) done();
      else fail(request, reply, refusal);
    });
    for (const operation of operations) {
      if ((operation.open === true) === open) addRoute(scope, operation);
    }
  };
  app.register((scope, _options, done) => {
    serve(scope, true);
    serveUi(scope, ui, basePath, isClosing);
    done();
  });
  app.register((scope, _options, done) => {
    serve(scope, false);
    // Then each body's check is compiled, and this is a look-up.
    scope.addHook('onReady', (ready) => {
      for (const operation of operations) if (isDirect(operation)) addDirectRoute(scope, operation);
      ready();
    });
    done();
  });
  return { framework: app, directRoutes, endStreams: openStreams.endAll };
}

/**
 * Straight to node:http: the framework's own way (serializers, hooks, header map) costs a fifth of a request, and all it could
 * add is settled already.
 */
function send(reply: FastifyReply, { status, body, headers, contentType = JSON_TYPE }: Answer, closing: boolean): void {
  const head: OutgoingHttpHeaders = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  if (headers !== undefined) Object.assign(head, headers);
  // The framework asks for the end of a connection whose request was not read to its end.
  if (closing || reply.hasHeader('connection')) head.connection = 'close';
  reply.hijack();
  reply.raw.writeHead(status, head).end(body);
}

function explain(error: unknown, request: FastifyRequest, logger: Logger): ApiError {
  if (error instanceof ApiFailure) return error.error;
  const { code, validation, validationContext } = error as {
    readonly code?: string;
    readonly validation?: readonly SchemaViolation[];
    readonly validationContext?: string;
  };
  if (validation !== undefined) {
    if (validationContext === 'body' && request.json === null) {
      return apiError('body_missing', 'a JSON object is needed as the body');
    }
    const errors = fieldErrors(validation);
    return apiError('validation_failed', inWords(errors), errors);
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return apiError('body_too_large', `at most ${REQUEST_BODY_BYTES_MAX} bytes are allowed`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return apiError('content_type_refused', 'bodies are taken as application/json only');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return apiError('http_malformed', 'the body is not as long as content-length says');
    case 'ECONNRESET':
      // Nobody is left to read it.
      return apiError('http_malformed', 'the request was broken off');
    default:
      return unexpected(error, request.method, request.routeOptions.url, logger);
  }
}
