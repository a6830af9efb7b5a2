import type { OperationOutcome } from '../../node/api.ts';
import type { CommandId } from '../../tasks/command-id.ts';
import type { OperationRecord } from '../../tasks/operation.ts';
import { holds } from '../checks/rule.ts';

/** What an operator was told of an operation, and what the audit says of it: where both know, they say the same. */
export function checkAudit(told: ReadonlyMap<CommandId, OperationOutcome>, audit: readonly OperationRecord[]): void {
  for (const { requestId, operation, ended } of audit) {
    const answer = told.get(requestId)?.outcome;
    const end = ended?.end.kind;
    const differ =
      (answer === 'done' && end === 'refused') ||
      (answer === 'refused' && end === 'done') ||
      // For certain not done.
      (answer === 'unavailable' && end === 'done');
    holds(!differ, 'Audit As Told', () => `${operation.type} (${requestId}) was ${answer}, and is ${end}`);
  }
}
