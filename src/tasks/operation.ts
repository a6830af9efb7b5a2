import type { CommandId } from './command-id.ts';

/**
 * What an operator asks of the cluster. It is committed with who asked before it is carried out: the log is the audit, and the
 * newest ones stand in the state.
 */
export type ClusterOperation =
  | {
      readonly type: 'add-member';
      readonly nodeId: string;
      readonly instance: string;
      /** A learner becomes a voter by itself once it has caught up. */
      readonly kind: 'learner' | 'worker';
    }
  | { readonly type: 'promote-member'; readonly nodeId: string }
  | {
      readonly type: 'remove-member';
      readonly nodeId: string;
      /** Also where the voters that are left and answer would be no majority. */
      readonly acceptLostMajority: boolean;
    }
  /** Null: whoever is best placed, as the leader sees it; what is committed names it. */
  | { readonly type: 'transfer-leadership'; readonly to: string | null }
  /** It is given no more claims and does not lead, until it is asked back. */
  | {
      readonly type: 'drain-node';
      readonly nodeId: string;
      /** Also where nobody would be left to send. */
      readonly acceptNoSender: boolean;
    }
  | { readonly type: 'undrain-node'; readonly nodeId: string }
  /** Nothing falls due for anyone until it is resumed; then the misfire policies decide. */
  | { readonly type: 'pause-scheduling' }
  | { readonly type: 'resume-scheduling' }
  /** Carried out by the node that it names, and no other. */
  | { readonly type: 'compact-log' | 'back-up'; readonly nodeId: string }
  | { readonly type: 'set-log-level'; readonly nodeId: string; readonly level: string }
  | { readonly type: 'set-trace'; readonly nodeId: string; readonly on: boolean };

export interface OperationRecord {
  readonly requestId: CommandId;
  readonly operation: ClusterOperation;
  readonly by: string;
  /** Log time. */
  readonly atMs: number;
  /** Absent: under way, or lost with whoever carried it out. Nobody else can tell, and nobody guesses. */
  readonly ended?: { readonly end: OperationEnd; readonly atMs: number };
}

/** What came of it, by the word of whoever carried it out. */
export type OperationEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may have been done: whoever carried it out could not tell either. */
  | { readonly kind: 'unknown' };

/** Done by the node that it names, which is not the leader, perhaps. */
export const isOfOneNode = (
  operation: ClusterOperation,
): operation is Extract<
  ClusterOperation,
  { readonly type: 'compact-log' | 'back-up' | 'set-log-level' | 'set-trace' }
> =>
  operation.type === 'compact-log' ||
  operation.type === 'back-up' ||
  operation.type === 'set-log-level' ||
  operation.type === 'set-trace';
