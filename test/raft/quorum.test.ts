import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isQuorum, quorumIndex } from '../../src/raft/quorum.ts';
import type { MemberId } from '../../src/raft/types.ts';

const VOTERS_MAX = 7;
const names = (count: number): MemberId[] => Array.from({ length: count }, (_, at) => `n${at}/i` as MemberId);

/** The deliberately dumb second implementation: try every index, count who has it. */
function naiveIndex(voters: readonly MemberId[], reached: ReadonlyMap<MemberId, number>): number {
  for (let index = 9; index > 0; index -= 1) {
    let count = 0;
    for (const voter of voters) if ((reached.get(voter) ?? 0) >= index) count += 1;
    if (count * 2 > voters.length) return index;
  }
  return 0;
}

test('majorities of up to seven voters, all combinations, against counting', () => {
  for (let count = 0; count <= VOTERS_MAX; count += 1) {
    const voters = names(count);
    for (let mask = 0; mask < 2 ** count; mask += 1) {
      const has = (voter: MemberId) => ((mask >> voters.indexOf(voter)) & 1) === 1;
      let yes = 0;
      for (const voter of voters) if (has(voter)) yes += 1;
      assert.equal(isQuorum(voters, has), count > 0 && yes >= Math.floor(count / 2) + 1);
    }
  }
});

test('the index that a majority has reached, all combinations of four indices, against trying each', () => {
  for (let count = 0; count <= VOTERS_MAX; count += 1) {
    const voters = names(count);
    for (let code = 0; code < 4 ** count; code += 1) {
      const reached = new Map(voters.map((voter, at) => [voter, Math.floor(code / 4 ** at) % 4]));
      assert.equal(
        quorumIndex(voters, (voter) => reached.get(voter) ?? 0),
        naiveIndex(voters, reached),
      );
    }
  }
});
