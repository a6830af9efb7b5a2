import { type Mutant, mutant } from '../mutant.ts';
import { HOLDS_BACK, sendsAtOnce } from './held-back.ts';
import { ELECTION, MEMBERSHIP, QUORUM, REPLICATING, ROLE, STEP, TRANSFERRING, TURN } from './sources.ts';

/** Who may lead. */

export const ELECTIONS: readonly Mutant[] = [
  mutant('a vote is answered before it is durable', 'case 2', TURN, HOLDS_BACK, sendsAtOnce('vote-answer')),
  mutant('votes are asked for before the own is durable', 'case 2', TURN, HOLDS_BACK, sendsAtOnce('vote')),
  mutant(
    'a candidate raises its term and keeps the old vote',
    'case 4',
    ROLE,
    'votedFor: context.self,',
    'votedFor: context.votedFor ?? context.self,',
  ),
  {
    name: 'two votes in a term',
    from: 'paper §5.2',
    patches: [
      {
        file: ROLE,
        find: "event.type === 'VOTE_GRANTED' && (context.votedFor === null || context.votedFor === event.candidate),",
        put: "event.type === 'VOTE_GRANTED' && (context.votedFor === null || event.candidate !== ''),",
      },
      {
        file: ELECTION,
        find: 'turn.leader === null && (votedFor === null || votedFor === message.from)',
        put: "turn.leader === null && votedFor !== ('' as typeof votedFor)",
      },
    ],
  },
  mutant(
    'a vote for a log that lacks entries',
    'paper §5.4.1',
    ELECTION,
    'return lastTerm > log.lastTerm || (lastTerm === log.lastTerm && lastIndex >= log.lastIndex);',
    'return lastTerm >= 0 || lastIndex >= log.lastIndex;',
  ),
  mutant(
    'the longer log wins, whatever its term',
    'paper §5.4.1',
    ELECTION,
    'return lastTerm > log.lastTerm || (lastTerm === log.lastTerm && lastIndex >= log.lastIndex);',
    'return lastTerm > -1 && lastIndex >= log.lastIndex;',
  ),
  mutant(
    'half is a majority',
    'paper §5.2',
    QUORUM,
    'return count * 2 > voters.length;',
    'return count * 2 >= voters.length;',
  ),
  mutant(
    'votes of those who have none are counted',
    'case 10',
    QUORUM,
    "if (isQuorum(sets, (voter) => votes.get(voter) === true)) return 'won';",
    "if ([...votes.values()].filter(Boolean).length * 2 > sets.incoming.length) return 'won';",
  ),
  mutant(
    'a learner campaigns',
    'case 12',
    ROLE,
    "PROMOTED: 'follower',\n        REMOVED",
    "PROMOTED: 'follower',\n        ELECTION_DUE: 'preCandidate',\n        REMOVED",
  ),
  mutant(
    'no pre-vote',
    'case 14',
    ROLE,
    "ELECTION_DUE: { target: 'preCandidate', actions: 'forgetLeader' },",
    "ELECTION_DUE: { target: 'candidate', actions: 'forgetLeader' },",
  ),
  mutant('a pre-vote is granted while a leader lives', 'case 17', ELECTION, '    !hearsALeader(turn) &&\n', ''),
  mutant(
    'a pre-vote at a lower term is dropped in silence',
    'case 15',
    STEP,
    "if (type === 'pre-vote') onPreVote(turn, message);",
    "if (type === 'pre-vote') return;",
  ),
  mutant(
    'a leader does not ask whether it has a quorum',
    'case 14',
    REPLICATING,
    "if (!heard) turn.move({ type: 'QUORUM_LOST' });",
    'if (!heard) return;',
  ),
  mutant(
    'the target of a transfer is told while it lags',
    'case 31',
    TRANSFERRING,
    'if (leading.peers.get(core.transfer.to)?.matchIndex !== core.log.lastIndex) return;',
    '',
  ),
  mutant(
    'a learner that does not know of its promotion refuses its vote',
    'case 12',
    ROLE,
    "LEADER_SEEN: { actions: 'followLeader' },\n        VOTE_GRANTED: voteOnce,\n      },\n    },\n    follower: {",
    "LEADER_SEEN: { actions: 'followLeader' },\n      },\n    },\n    follower: {",
  ),
  // Takes a change that was cut off at its last entry, and a voter more that is away or has no vote: two of 7,400 seeds came by there.
  {
    ...mutant(
      'who is led out stands no more, though that is not committed yet',
      'thesis §4.2.2',
      MEMBERSHIP,
      'if (isCommitted || everyoneIn',
      'if (isCommitted || placed.length > 0 || everyoneIn',
    ),
    script: 'test/raft/scripts.test.ts',
  },
  mutant(
    'a transfer is refused because the quorum was checked a moment ago',
    'case 31',
    TRANSFERRING,
    '!isThere(progress, turn.nowMs, silentMs)',
    '!progress.active',
  ),
];
