import { type Mutant, mutant } from './mutant.ts';

/** Bugs that others shipped, and some that the paper warns of. The simulator is worth what it catches of them. */

const ROLE = 'machines/raft-role.ts';
const CHANGING = 'src/raft/changing-members.ts';
const CORE = 'src/raft/core.ts';
const ELECTION = 'src/raft/election.ts';
const FOLLOWING = 'src/raft/following.ts';
const PROGRESS = 'src/raft/progress.ts';
const QUORUM = 'src/raft/quorum.ts';
const READING = 'src/raft/reading.ts';
const RECEIVING = 'src/raft/receiving-snapshots.ts';
const REPLICATING = 'src/raft/replicating.ts';
const STEP = 'src/raft/step.ts';
const TRANSFERRING = 'src/raft/transferring.ts';
const TURN = 'src/raft/turn.ts';

const HOLDS_BACK = 'if (!this.#hasWrites && core.persists.length === 0) this.send(to, body);';
const sendsAtOnce = (type: string): string =>
  `if (body.type === '${type}' || (!this.#hasWrites && core.persists.length === 0)) this.send(to, body);`;

const ELECTIONS: readonly Mutant[] = [
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
    "PROMOTED: 'follower',\n        LOG_LOST",
    "PROMOTED: 'follower',\n        ELECTION_DUE: 'preCandidate',\n        LOG_LOST",
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
];

const LOGS: readonly Mutant[] = [
  mutant('entries are acknowledged before they are durable', 'I1', TURN, HOLDS_BACK, sendsAtOnce('appended')),
  mutant(
    'a leader counts entries that are not on its own disk',
    'I1',
    REPLICATING,
    'if (voter === core.self) return core.durableIndex;',
    'if (voter === core.self) return core.log.lastIndex;',
  ),
  mutant(
    'old entries are committed by counting',
    'case 1',
    REPLICATING,
    'return reached >= leading.termStartIndex ? reached : 0;',
    'return reached;',
  ),
  mutant(
    'the log before an append is not compared',
    'paper §5.3',
    FOLLOWING,
    'termAt(core.log, prevIndex) !== prevTerm',
    'prevIndex > core.log.lastIndex',
  ),
  mutant(
    'a stale append truncates',
    'case 26',
    FOLLOWING,
    '  while (at < entries.length && termAt(core.log, prevIndex + 1 + at) === entries[at]?.term) at += 1;\n',
    '',
  ),
  mutant(
    'what was truncated is still taken for durable',
    'case 26',
    TURN,
    '    core.durableIndex = Math.min(core.durableIndex, index - 1);\n',
    '',
  ),
  mutant(
    'a write that a truncation overtook is taken for what came after it',
    'case 26',
    TURN,
    '    for (const persist of core.persists) persist.lastIndex = Math.min(persist.lastIndex, index - 1);\n',
    '',
  ),
  mutant(
    'entries are applied before they are on the own disk',
    'case 29',
    TURN,
    'Math.min(core.commitIndex, core.durableIndex)',
    'core.commitIndex',
  ),
  mutant(
    'what is lost on its way is not sent again',
    'case 31',
    REPLICATING,
    'if (progress.waitingSinceMs === null) return;',
    'if (progress.waitingSinceMs !== null) return;',
  ),
  mutant(
    'heartbeats hide a disk that stalls',
    'case 25',
    REPLICATING,
    'return oldest !== undefined && ',
    'return oldest === undefined && core.monotonicMs < 0 && 0 < ',
  ),
];

const MEMBERS: readonly Mutant[] = [
  mutant(
    'the members change before the term’s first commit',
    'case 5',
    CHANGING,
    'if (core.commitIndex < leading.termStartIndex) return',
    'if (core.commitIndex < 0 && leading.termStartIndex > 0) return',
  ),
  mutant(
    'two changes at once',
    'thesis §4.1',
    CHANGING,
    'if (isChangingMembers(core)) return',
    'if (isChangingMembers(core) && core.round < 0) return',
  ),
  mutant(
    'the quorum switches late',
    'case 6',
    TURN,
    'core.voters = voterSetsOf(configuration);',
    'core.voters = voterSetsOf(core.configurations.at(-2)?.configuration ?? configuration);',
  ),
  mutant(
    'a truncated configuration stays in force',
    'case 7',
    TURN,
    '      this.#comeIntoForce(before?.configuration ?? { members: [] }, before?.index ?? 0);\n',
    '',
  ),
  mutant(
    'a node that starts takes the oldest configuration',
    'case 9',
    CORE,
    'const configuration = start.configurations.at(-1)?.configuration',
    'const configuration = start.configurations.at(0)?.configuration',
  ),
  {
    name: 'one majority is enough while the configuration is joint',
    from: 'paper §6',
    patches: [
      {
        file: QUORUM,
        find: 'hasMajority(incoming, has) && (outgoing === null || hasMajority(outgoing, has));',
        put: 'hasMajority(incoming, has) && outgoing !== undefined;',
      },
      {
        file: QUORUM,
        find: 'return outgoing === null ? newer : Math.min(newer, majorityIndex(outgoing, reached));',
        put: 'return outgoing === undefined ? 0 : newer;',
      },
    ],
  },
  mutant(
    'a removed leader counts itself',
    'case 11',
    REPLICATING,
    'const reached = quorumIndex(core.voters, (voter) => {',
    'const incoming = [...new Set([...core.voters.incoming, core.self])];\n  const reached = quorumIndex({ ...core.voters, incoming }, (voter) => {',
  ),
  mutant(
    'a removed leader stays',
    'case 11',
    CHANGING,
    'if (wasMember) turn.removed = true;',
    'if (wasMember && core.leading === null) turn.removed = true;',
  ),
  mutant(
    'a wiped voter comes back under its old instance',
    'case 32',
    'src/sim/world.ts',
    '    host.instance = nextInstance(host.instance);\n',
    '',
  ),
];

const READS: readonly Mutant[] = [
  mutant(
    'a read before the first commit of the term',
    'case 18',
    READING,
    ' || core.commitIndex < leading.termStartIndex) return;',
    ') return;',
  ),
  mutant(
    'a read without a round of heartbeats',
    'case 18',
    READING,
    'if (isSoleVoter(core.voters, core.self)) for',
    'if (core.round >= 0) for',
  ),
  mutant(
    'a late answer confirms a newer read',
    'case 19',
    READING,
    'ackedRound ?? 0) >= round)',
    'ackedRound ?? 0) > 0)',
  ),
  mutant(
    'a read joins a round that runs',
    'case 19',
    READING,
    '  else leading.reads.waiting.push(asking);',
    '  else if (leading.reads.confirming !== null) (leading.reads.confirming.asked as AskedReads[]).push(asking);\n  else leading.reads.waiting.push(asking);',
  ),
];

const LOSSES: readonly Mutant[] = [
  mutant(
    'a recovering node votes',
    'case 30',
    ROLE,
    "CAUGHT_UP: 'follower',",
    "CAUGHT_UP: 'follower',\n        VOTE_GRANTED: voteOnce,",
  ),
  mutant('a lost tail is forgotten at the start', 'case 30', CORE, "if (start.recovering) return 'recovering';", ''),
  mutant(
    'a leader does not see that a log was lost',
    'case 30',
    REPLICATING,
    'if (message.round > progress.matchRound && message.durableIndex < progress.matchIndex) {',
    'if (message.round < 0) {',
  ),
  mutant(
    'a snapshot is installed over a longer log',
    'paper §7',
    RECEIVING,
    'if (head.index > core.commitIndex && termAt(core.log, head.index) !== head.term) return false;',
    'if (head.index >= 0) return false;',
  ),
  mutant(
    'a peer is not appended to any more after a snapshot',
    'case 31',
    PROGRESS,
    "(progress.state === 'snapshot' && matchIndex >= (progress.snapshot?.index ?? 0))",
    "(progress.state === 'snapshot' && matchIndex < 0)",
  ),
];

export const MUTANTS: readonly Mutant[] = [...ELECTIONS, ...LOGS, ...MEMBERS, ...READS, ...LOSSES];
