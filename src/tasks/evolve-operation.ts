import { invariant } from '../invariant.ts';
import type { CommandId } from './command-id.ts';
import type { StateMeta } from './entities.ts';
import type { OperationEnded, OperationRequested } from './event.ts';
import { OPERATIONS_KEPT } from './limits.ts';
import type { OperationRecord } from './operation.ts';

/** The audit, as it stands in the state: what was asked for, and what came of it. */

/** An id is free again after a while: the newest is meant. */
export const operationOf = (meta: StateMeta, requestId: CommandId): OperationRecord | undefined =>
  meta.operations?.findLast((record) => record.requestId === requestId);

/** The one whose outcome is still to be told. */
export function openOperation(meta: StateMeta, requestId: CommandId): OperationRecord | undefined {
  const record = operationOf(meta, requestId);
  return record?.ended === undefined ? record : undefined;
}

export function withRequested(
  meta: StateMeta,
  { requestId, operation }: OperationRequested,
  by: string,
  atMs: number,
): StateMeta {
  const operations = [...(meta.operations ?? []), { requestId, operation, by, atMs }].slice(-OPERATIONS_KEPT);
  return { ...meta, operations };
}

export function withEnded(meta: StateMeta, { requestId, end }: OperationEnded, atMs: number): StateMeta {
  const open = openOperation(meta, requestId);
  invariant(open !== undefined, 'I5', `operation ${requestId} ends, which is not open`);
  const operations = (meta.operations ?? []).map((one) => (one === open ? { ...one, ended: { end, atMs } } : one));
  return { ...meta, operations };
}
