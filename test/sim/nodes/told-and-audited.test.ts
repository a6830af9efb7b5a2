import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationOutcome } from '../../../src/node/api.ts';
import { checkAudit } from '../../../src/sim/nodes/told-and-audited.ts';
import type { CommandId } from '../../../src/tasks/command-id.ts';
import type { OperationEnd } from '../../../src/tasks/operation.ts';

const requestId = 'a' as CommandId;
const DONE: OperationOutcome = { outcome: 'done', changed: true };
const REFUSED: OperationOutcome = { outcome: 'refused', code: 'operation_refused', message: 'not now' };

const check = (told: OperationOutcome, end: OperationEnd | null): void =>
  checkAudit(new Map([[requestId, told]]), [
    {
      requestId,
      operation: { type: 'promote-member', nodeId: 'n2' },
      by: 'operator',
      atMs: 0,
      ...(end === null ? {} : { ended: { end, atMs: 1 } }),
    },
  ]);

test('an audit that says otherwise than was told is found, one that does not know is not', () => {
  const refused: OperationEnd = { kind: 'refused', reason: 'not now' };
  assert.throws(() => check(DONE, refused), /Audit As Told/);
  assert.throws(() => check(REFUSED, { kind: 'done' }), /Audit As Told/);
  assert.throws(() => check({ outcome: 'unavailable', reason: 'no_leader', retryAfterMs: 1 }, { kind: 'done' }));
  for (const end of [null, { kind: 'unknown' }, { kind: 'done' }] as const) check(DONE, end);
  check({ outcome: 'unknown' }, refused);
});
