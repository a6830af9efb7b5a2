import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCluster, elect, nodeNamed, roleNow, votersNamed } from './cluster/cluster.ts';
import { crash } from './cluster/node.ts';
import { restartWith } from './cluster/say.ts';

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

describe('case 15: a pre-vote at a lower term is dropped in silence, and nobody is ever elected', () => {
  test('an answer at a lower term than the question counts as well', () => {
    const cluster = three();
    crash(nodeNamed(cluster, 'n3'));
    // n1 raised its term in an election that nobody heard of.
    restartWith(cluster, 'n1', [1, 1], 5);
    restartWith(cluster, 'n2', [1], 1);
    elect(cluster, 'n1');
    assert.equal(roleNow(cluster, 'n2'), 'follower');
  });
});
