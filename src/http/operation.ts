import type { IncomingHttpHeaders } from 'node:http';
import type { TSchema } from 'typebox';
import type { Clock } from '../clock.ts';
import type { HostControls } from '../control/verb.ts';
import type { Asked, SchedulerNode } from '../node/api.ts';
import type { CallbackRules } from '../node/callback-guard.ts';
import type { ApiError } from './api-error.ts';
import type { ErrorCode } from './error-catalogue.ts';
import type { JsonBody } from './json-body.ts';
import type { TaskDefaults } from './task-draft.ts';

/**
 * One thing that the API does: what is served, what is checked, and what /openapi.json says of it, in one value. Handlers get a
 * request that fits the schemas, and give back a value; they know nothing of the web framework.
 */
export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it: `/v1/tasks/{task_id}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Answered without a token and to any Host: a probe knows neither. */
  readonly open?: true;
  /** A body may be left out: actions have nothing to say. */
  readonly bodyOptional?: true;
  readonly headers?: readonly HeaderParameter[];
  readonly success: {
    readonly status: number;
    readonly description: string;
    readonly schema: TSchema;
    readonly headers?: Readonly<Record<string, string>>;
    /** JSON where left out. */
    readonly contentType?: string;
  };
  /** Another status with the same kind of answer. */
  readonly otherwise?: { readonly status: number; readonly description: string };
  /** Beside those that any operation may answer with. */
  readonly errors: readonly ErrorCode[];
  handle(
    request: ApiRequest,
    context: ApiContext,
  ): Answer | StreamedAnswer | ApiError | Promise<Answer | StreamedAnswer | ApiError>;
}

export interface HeaderParameter {
  readonly name: string;
  readonly description: string;
}

export interface ApiRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Only absent where the operation has no body, or may do without. */
  readonly json: JsonBody | null;
}

export interface ApiContext {
  readonly node: SchedulerNode;
  readonly clock: Clock;
  readonly rules: CallbackRules;
  readonly defaults: TaskDefaults;
  readonly asked: Asked;
  readonly host: HostControls;
  /** Before every path that is given out. */
  readonly basePath: string;
}

export interface Answer {
  readonly status: number;
  /** JSON text, unless `contentType` says otherwise. */
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer without an end. `stream` is called once, when the head is sent. */
export interface StreamedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: (to: AnswerStream) => void;
}

/** Where it goes. */
export interface AnswerStream {
  /** False: it was taken, and nothing more is wanted until it is drained. */
  write(text: string): boolean;
  end(): void;
  /** Whoever is there takes nothing: without a word. */
  cutOff(): void;
  onDrained(run: () => void): void;
  /** Called once, whoever closed it. */
  onClosed(run: () => void): void;
}

export const isStreamed = (answer: Answer | StreamedAnswer): answer is StreamedAnswer => 'stream' in answer;

/** Where an answer names no other. */
export const JSON_TYPE = 'application/json; charset=utf-8';

export const isFailed = (answer: Answer | StreamedAnswer | ApiError): answer is ApiError => 'failed' in answer;
