import type { TObject, TSchema } from 'typebox';
import type { Asked, OperationRefusalCode, SchedulerNode, UnavailableReason } from '../node/api.ts';
import type { RefusalCode } from '../tasks/command.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { TaskId } from '../tasks/task.ts';

/**
 * One thing that an operator may ask: defined once, served over NATS, HTTP and the command line alike. Results and errors are plain
 * JSON values, in the API's own spelling.
 */
export interface Verb {
  /** Last token of its subjects and its path: `drain`. */
  readonly name: string;
  /** `admin` changes something. */
  readonly access: 'read' | 'admin';
  /** `node`: about the node that is asked; `cluster`: the same from whichever node. */
  readonly about: 'cluster' | 'node';
  readonly summary: string;
  readonly input: TObject;
  readonly output: TSchema;
  /** Of those that any verb may end with, beside these. */
  readonly errors: readonly ControlErrorCode[];
  run(input: VerbInput, context: ControlContext): Promise<VerbOutcome>;
}

/** It fits the verb's schema. */
export type VerbInput = Readonly<Record<string, unknown>>;

export interface ControlContext {
  readonly node: SchedulerNode;
  readonly asked: Asked;
  /** The same id twice is one operation; null where nobody will repeat it. */
  readonly requestId: CommandId | null;
  readonly host: HostControls;
}

/** What the process around the node can be told. */
export interface HostControls {
  logLevel(): string;
  setLogLevel(level: LogLevel): void;
}

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type ControlErrorCode =
  | OperationRefusalCode
  | UnavailableReason
  | RefusalCode
  | 'outcome_unknown'
  | 'validation_failed'
  /** The verb is about another node than the one that was asked. */
  | 'other_node'
  | 'live_restore_refused'
  | 'backup_refused'
  | 'compaction_refused';

export interface ControlError {
  readonly code: ControlErrorCode;
  readonly detail: string;
  readonly retryAfterMs?: number;
  /** Task that an unknown outcome is about. */
  readonly taskId?: TaskId | null;
}

export type VerbOutcome =
  | { readonly ok: true; readonly result: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: ControlError };

export const done = (result: Readonly<Record<string, unknown>>): VerbOutcome => ({ ok: true, result });
export const failed = (code: ControlErrorCode, detail: string): VerbOutcome => ({ ok: false, error: { code, detail } });
