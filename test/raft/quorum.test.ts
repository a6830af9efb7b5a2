import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allVoters, countVotes, isQuorum, quorumIndex, type VoterSets } from '../../src/raft/quorum.ts';
import type { MemberId } from '../../src/raft/types.ts';
import { memberOf } from './cluster/node.ts';

/**
 * Majorities against a second implementation that is too simple to be wrong: it lists every subset of the voters that is a
 * majority, and looks whether one of them agrees. All sets of up to seven members, single and joint (paper §5.3, §6).
 */
const MEMBERS_MAX = 7;
const names: readonly MemberId[] = Array.from({ length: MEMBERS_MAX }, (_, at) => memberOf(`n${at + 1}`));

const sizeOf = (mask: number): number => mask.toString(2).replaceAll('0', '').length;
const chosen = (mask: number): MemberId[] => names.filter((_, at) => (mask & (1 << at)) !== 0);
const holds = (mask: number, member: MemberId): boolean => (mask & (1 << names.indexOf(member))) !== 0;

/** Every subset of a set of voters that is more than half of it. */
const majoritiesOf: readonly (readonly number[])[] = Array.from({ length: 1 << MEMBERS_MAX }, (_, voters) =>
  Array.from({ length: 1 << MEMBERS_MAX }, (_unused, subset) => subset).filter(
    (subset) => (subset & voters) === subset && sizeOf(subset) > sizeOf(voters) - sizeOf(subset),
  ),
);

const agrees = (voters: number, yes: number): boolean =>
  (majoritiesOf[voters] ?? []).some((majority) => (majority & yes) === majority);

const setsOf = (incoming: number, outgoing: number | null): VoterSets => ({
  incoming: chosen(incoming),
  outgoing: outgoing === null ? null : chosen(outgoing),
});

const agreesJointly = (incoming: number, outgoing: number | null, yes: number): boolean =>
  agrees(incoming, yes) && (outgoing === null || agrees(outgoing, yes));

test('isQuorum: every pair of voter sets, every set of those who agree', () => {
  const everybody = (1 << MEMBERS_MAX) - 1;
  for (let incoming = 0; incoming <= everybody; incoming += 1) {
    for (let joint = -1; joint <= everybody; joint += 1) {
      const outgoing = joint < 0 ? null : joint;
      const sets = setsOf(incoming, outgoing);
      const counted = incoming | (outgoing ?? 0);
      for (let yes = counted; yes >= 0; yes = yes === 0 ? -1 : (yes - 1) & counted) {
        const expected = agreesJointly(incoming, outgoing, yes);
        if (isQuorum(sets, (voter) => holds(yes, voter)) === expected) continue;
        assert.fail(`{${sets.incoming}} leaving {${sets.outgoing}}: {${chosen(yes)}} agree, a quorum: ${expected}`);
      }
    }
  }
});

/** What a member is to the arithmetic is which sets it is in: these are all pairs of sets up to renaming. */
function* pairsOfSets(): Generator<readonly [incoming: number, outgoing: number | null]> {
  for (let only = 0; only <= MEMBERS_MAX; only += 1) {
    yield [(1 << only) - 1, null];
    for (let both = 0; only + both <= MEMBERS_MAX; both += 1) {
      for (let leaving = 0; only + both + leaving <= MEMBERS_MAX; leaving += 1) {
        yield [(1 << (only + both)) - 1, ((1 << (both + leaving)) - 1) << only];
      }
    }
  }
}

/** Calls with every way to give each of the members counted one of so many values. */
function everyAssignment(counted: number, values: number, call: (assigned: readonly number[]) => void): void {
  const size = sizeOf(counted);
  const assigned = new Array<number>(MEMBERS_MAX).fill(0);
  for (let code = 0; code < values ** size; code += 1) {
    for (let at = 0; at < size; at += 1) assigned[at] = Math.floor(code / values ** at) % values;
    call(assigned);
  }
}

const maskOf = (assigned: readonly number[], counted: number, passes: (value: number) => boolean): number =>
  assigned.reduce((mask, value, at) => (passes(value) ? mask | (1 << at) : mask), 0) & counted;

test('quorumIndex: every pair of voter sets, every way to have reached one of four indices', () => {
  const INDICES = 4;
  for (const [incoming, outgoing] of pairsOfSets()) {
    const sets = setsOf(incoming, outgoing);
    const counted = incoming | (outgoing ?? 0);
    everyAssignment(counted, INDICES, (reached) => {
      let expected = INDICES - 1;
      while (expected > 0) {
        const least = expected;
        if (
          agreesJointly(
            incoming,
            outgoing,
            maskOf(reached, counted, (index) => index >= least),
          )
        )
          break;
        expected -= 1;
      }
      const index = quorumIndex(sets, (voter) => reached[names.indexOf(voter)] ?? 0);
      if (index !== expected) {
        assert.fail(`{${sets.incoming}} leaving {${sets.outgoing}} at ${reached}: ${index}, not ${expected}`);
      }
    });
  }
});

test('countVotes: every pair of voter sets, every way to have voted yes, no, or not yet', () => {
  const [NOT_YET, YES, NO] = [0, 1, 2] as const;
  for (const [incoming, outgoing] of pairsOfSets()) {
    const sets = setsOf(incoming, outgoing);
    const counted = incoming | (outgoing ?? 0);
    everyAssignment(counted, 3, (voted) => {
      const answered = allVoters(sets).filter((voter) => voted[names.indexOf(voter)] !== NOT_YET);
      const votes = new Map(answered.map((voter) => [voter, voted[names.indexOf(voter)] === YES]));
      const won = agreesJointly(
        incoming,
        outgoing,
        maskOf(voted, counted, (vote) => vote === YES),
      );
      const mayWin = agreesJointly(
        incoming,
        outgoing,
        maskOf(voted, counted, (vote) => vote !== NO),
      );
      const expected = won ? 'won' : mayWin ? 'open' : 'lost';
      if (countVotes(sets, votes) !== expected) {
        assert.fail(`{${sets.incoming}} leaving {${sets.outgoing}} voted ${voted}: ${expected}`);
      }
    });
  }
});
