import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { operationLog } from '../../src/cli/operation-log.ts';
import type { InstanceId, NodeId } from '../../src/raft/types.ts';

test('who asked for which change of the cluster is logged, and what came of it: a warning where it was not done', () => {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const { operating, operated, takenIn, membersChanged } = operationLog(log);
  const asked = { operation: { type: 'promote-member', nodeId: 'n4' }, by: 'token' } as const;
  operating(asked);
  operated({ ...asked, end: { kind: 'done' } });
  operated({ ...asked, end: { kind: 'refused', reason: 'not now' } });
  operated({ ...asked, end: { kind: 'unknown' } });
  takenIn({ nodeId: 'n5' as NodeId, instance: 'i5' as InstanceId, kind: 'learner' });
  membersChanged({
    members: [{ nodeId: 'n1' as NodeId, instance: 'i1' as InstanceId, kind: 'voter' }],
    featureLevel: 5,
  });
  const [info, warn] = [30, 40];
  assert.deepEqual(
    lines.map(({ level, outcome, reason }) => [level, outcome, reason]),
    [
      [info, undefined, undefined],
      [info, 'done', undefined],
      [warn, 'refused', 'not now'],
      [warn, 'unknown', undefined],
      [info, undefined, undefined],
      [info, undefined, undefined],
    ],
  );
  for (const { operation, details, by } of lines.slice(0, 4))
    assert.deepEqual([operation, details, by], ['promote-member', { nodeId: 'n4' }, 'token']);
  assert.equal(lines[4]?.member, 'n5');
  assert.deepEqual([lines[5]?.members, lines[5]?.feature_level], [['n1 voter'], 5]);
});
