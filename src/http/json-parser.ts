import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiError } from './api-error.ts';
import { apiError } from './api-error.ts';
import { type JsonBody, parseJsonBody } from './json-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body with its text; null where there is none. */
    json: JsonBody | null;
  }
}

/** Carries an ApiError through the framework to the error handler. */
export class ApiFailure extends Error {
  readonly error: ApiError;
  constructor(error: ApiError) {
    super(error.detail);
    this.error = error;
  }
}

/** application/json, which no HTML form can send, and for PATCH its merge type. Nothing else is parsed: 415. */
export function takeJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('json', null);
  app.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, bytes, done) => {
      const refusal = refuseHeaders(request);
      if (refusal !== null) return done(new ApiFailure(refusal));
      // Whether a body may be missing, the operation says.
      if (bytes.length === 0) return done(null, undefined);
      const parsed = parseJsonBody(bytes);
      if (!parsed.ok) return done(new ApiFailure(parsed.error));
      request.json = parsed.value;
      done(null, parsed.value.value);
    },
  );
}

function refuseHeaders({ headers, method }: FastifyRequest): ApiError | null {
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return apiError(
      'content_encoding_refused',
      `content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not taken`,
    );
  }
  if (type === 'application/json' || type === undefined) return null;
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type) ?? [];
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    return apiError('content_type_refused', `charset ${JSON.stringify(charset.slice(0, 40))} is not taken; utf-8 is`);
  }
  if (type.toLowerCase().includes('merge-patch') && method !== 'PATCH') {
    return apiError('content_type_refused', 'application/merge-patch+json goes with PATCH only');
  }
  return null;
}
