import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNotServing } from '../../../src/sim/nodes/node-liveness.ts';
import type { NodeHost } from '../../../src/sim/nodes/node-process.ts';

const members = ['n1', 'n2'].map((nodeId) => ({ nodeId, kind: 'voter' }));

/** As far as it is asked: what a node says of itself and of the cluster. */
const hostOf = (nodeId: string, leaderId: string): NodeHost =>
  ({
    nodeId,
    process: { node: { health: () => ({ state: 'serving' }), status: () => ({ leaderId, members }) } },
  }) as unknown as NodeHost;

const shape = {
  nodes: 2,
  voters: 2,
  forgetful: false,
  slowDisk: false,
  compacts: false,
  lookAheadMs: 0,
  others: 'learner',
} as const;

test('a cluster is not well while one that led and was cut off has not heard of the next leader (seed 714343872)', () => {
  const leader = hostOf('n1', 'n1');
  const deposed = hostOf('n2', 'n2');
  assert.match(
    whyNotServing({ leader, hosts: [leader, deposed], keptDown: null, shape }) ?? '',
    /n2 takes n2 for its leader/,
  );
  assert.equal(whyNotServing({ leader, hosts: [leader, deposed], keptDown: deposed, shape }), null);
  assert.equal(whyNotServing({ leader, hosts: [leader, hostOf('n2', 'n1')], keptDown: null, shape }), null);
});
