import { assign, setup } from 'xstate';

/**
 * The role of a node in its Raft group. It drives the node: which inputs a role accepts, and every change of role, term and
 * vote, happen here and nowhere else (I8). Log, votes and peer progress live in raft/, which sends one event per batch and
 * carries out the actions, which come back as data. Time arrives as events, randomness not at all.
 */

export interface RaftRoleContext {
  /** Node id and instance of this member. */
  readonly self: string;
  readonly term: number;
  readonly votedFor: string | null;
  readonly leader: string | null;
}

export type RaftRoleEvent =
  /** No word of a leader for an election timeout (paper §5.2). */
  | { type: 'ELECTION_DUE' }
  /** A quorum would vote for this node (thesis §9.6). */
  | { type: 'PRE_VOTES_WON' }
  /** A quorum voted for this node; its own vote counts once it is on disk. */
  | { type: 'VOTES_WON' }
  /** A message of a higher term (paper §5.1); `leader` when its sender leads that term. */
  | { type: 'HIGHER_TERM'; term: number; leader: string | null }
  /** A message from the leader of the current term. */
  | { type: 'LEADER_SEEN'; leader: string }
  /** The vote of the current term goes to a candidate whose log is complete enough (paper §5.4.1). */
  | { type: 'VOTE_GRANTED'; candidate: string }
  /** A leader has not heard from a quorum for an election timeout (check-quorum). */
  | { type: 'QUORUM_LOST' }
  | { type: 'PROPOSED' }
  | { type: 'READ_ASKED' }
  /** The configuration in force gives this member a vote. */
  | { type: 'PROMOTED' }
  /** It does not: never given, or its entry is truncated. One that is led out stands until that is committed (thesis §4.2.2). */
  | { type: 'DEMOTED' }
  /** The leader hands over to this member (thesis §3.10). */
  | { type: 'CAMPAIGN_NOW' }
  /** The leader holds an acknowledgement of this member for more than its log holds now. */
  | { type: 'LOG_LOST' }
  /** What was lost is back, on disk. */
  | { type: 'CAUGHT_UP' }
  /** A committed configuration no longer names this member. */
  | { type: 'REMOVED' }
  /** A configuration names it again. */
  | { type: 'READMITTED' };

export interface RaftRoleInput {
  readonly self: string;
  readonly term: number;
  readonly votedFor: string | null;
}

/** What the core carries out, in the order given. */
export type RaftRoleAction =
  | { type: 'persistHardState'; params: { term: number; votedFor: string | null } }
  | { type: 'askPreVotes'; params: { term: number } }
  | { type: 'askVotes'; params: { term: number } }
  | { type: 'startTerm'; params: { term: number } }
  | { type: 'stepDown'; params: { term: number } }
  | { type: 'acceptProposals'; params: { term: number } }
  | { type: 'acceptReads'; params: { term: number } };

const termOf = ({ context }: { context: RaftRoleContext }) => ({ term: context.term });
const hardStateOf = ({ context }: { context: RaftRoleContext }) => ({ term: context.term, votedFor: context.votedFor });

// Run by raft/step.ts, not here: the pure transition hands them out as { type, params }.
const effect =
  <P>() =>
  (_: unknown, _params: P) => {};

/** Term and vote leave together, and always by way of the disk (paper Figure 2). */
const persisted = { type: 'persistHardState', params: hardStateOf } as const;
const inHigherTerm = { guard: 'isHigherTerm', actions: ['takeHigherTerm', persisted] } as const;
const voteOnce = { guard: 'isVoteFree', actions: ['giveVote', persisted] } as const;

export const raftRoleMachine = setup({
  types: {} as { context: RaftRoleContext; events: RaftRoleEvent; input: RaftRoleInput },
  guards: {
    /** A term never goes back (paper §5.1). */
    isHigherTerm: ({ context, event }) => event.type === 'HIGHER_TERM' && event.term > context.term,
    /** One vote a term (paper §5.2). */
    isVoteFree: ({ context, event }) =>
      event.type === 'VOTE_GRANTED' && (context.votedFor === null || context.votedFor === event.candidate),
  },
  actions: {
    persistHardState: effect<{ term: number; votedFor: string | null }>(),
    askPreVotes: effect<{ term: number }>(),
    askVotes: effect<{ term: number }>(),
    startTerm: effect<{ term: number }>(),
    stepDown: effect<{ term: number }>(),
    acceptProposals: effect<{ term: number }>(),
    acceptReads: effect<{ term: number }>(),
    takeHigherTerm: assign(({ event }) =>
      event.type === 'HIGHER_TERM' ? { term: event.term, votedFor: null, leader: event.leader } : {},
    ),
    followLeader: assign(({ event }) => (event.type === 'LEADER_SEEN' ? { leader: event.leader } : {})),
    forgetLeader: assign({ leader: null }),
    /** A new term and the vote in it change together: a candidate never keeps an old vote (raft.md, case 4). */
    raiseTermAndVoteForSelf: assign(({ context }) => ({
      term: context.term + 1,
      votedFor: context.self,
      leader: null,
    })),
    giveVote: assign(({ event }) => (event.type === 'VOTE_GRANTED' ? { votedFor: event.candidate } : {})),
    becomeLeader: assign(({ context }) => ({ leader: context.self })),
  },
}).createMachine({
  id: 'raft-role',
  context: ({ input }) => ({ self: input.self, term: input.term, votedFor: input.votedFor, leader: null }),
  initial: 'follower',
  states: {
    recovering: {
      description: 'Lost part of its log: takes entries, has no vote until caught up.',
      on: {
        CAUGHT_UP: 'follower',
        // REMOVED is not taken: what it reads may be from before it was added again, and `removed` votes.
        HIGHER_TERM: inHigherTerm,
        LEADER_SEEN: { actions: 'followLeader' },
      },
    },
    learner: {
      description: 'Takes entries, never campaigns. Votes when a candidate asks: it may not know of its promotion yet.',
      on: {
        PROMOTED: 'follower',
        REMOVED: 'removed',
        LOG_LOST: 'recovering',
        HIGHER_TERM: inHigherTerm,
        LEADER_SEEN: { actions: 'followLeader' },
        VOTE_GRANTED: voteOnce,
      },
    },
    follower: {
      description: 'Takes entries from the leader of its term, and starts an election when it hears none.',
      on: {
        ELECTION_DUE: { target: 'preCandidate', actions: 'forgetLeader' },
        CAMPAIGN_NOW: 'candidate',
        DEMOTED: 'learner',
        REMOVED: 'removed',
        LOG_LOST: 'recovering',
        HIGHER_TERM: inHigherTerm,
        LEADER_SEEN: { actions: 'followLeader' },
        VOTE_GRANTED: voteOnce,
      },
    },
    preCandidate: {
      description: 'Asks whether an election could be won, without disturbing anyone’s term.',
      entry: { type: 'askPreVotes', params: ({ context }) => ({ term: context.term + 1 }) },
      on: {
        PRE_VOTES_WON: 'candidate',
        CAMPAIGN_NOW: 'candidate',
        // It only asks so far: the vote of its term is still to be had, by the first that stands (paper §5.2).
        VOTE_GRANTED: { ...voteOnce, target: 'follower' },
        ELECTION_DUE: { target: 'preCandidate', reenter: true },
        DEMOTED: 'learner',
        REMOVED: 'removed',
        HIGHER_TERM: { ...inHigherTerm, target: 'follower' },
        LEADER_SEEN: { target: 'follower', actions: 'followLeader' },
      },
    },
    candidate: {
      description: 'Stands for election in a new term.',
      entry: ['raiseTermAndVoteForSelf', persisted, { type: 'askVotes', params: termOf }],
      on: {
        VOTES_WON: 'leader',
        ELECTION_DUE: 'preCandidate',
        DEMOTED: 'learner',
        REMOVED: 'removed',
        HIGHER_TERM: { ...inHigherTerm, target: 'follower' },
        LEADER_SEEN: { target: 'follower', actions: 'followLeader' },
      },
    },
    leader: {
      description: 'The only one that appends in its term.',
      entry: ['becomeLeader', { type: 'startTerm', params: termOf }],
      exit: { type: 'stepDown', params: termOf },
      on: {
        PROPOSED: { actions: { type: 'acceptProposals', params: termOf } },
        READ_ASKED: { actions: { type: 'acceptReads', params: termOf } },
        QUORUM_LOST: { target: 'follower', actions: 'forgetLeader' },
        HIGHER_TERM: { ...inHigherTerm, target: 'follower' },
        // It followed nobody while it led, and follows nobody now.
        REMOVED: { target: 'removed', actions: 'forgetLeader' },
      },
    },
    removed: {
      description:
        'No member any more, as far as it knows: never campaigns. Takes entries and votes like a learner, for it may be one again.',
      on: {
        // What it takes begins where its log ends, so it holds all that it ever acknowledged when an entry names it again.
        READMITTED: 'learner',
        LOG_LOST: 'recovering',
        HIGHER_TERM: inHigherTerm,
        LEADER_SEEN: { actions: 'followLeader' },
        VOTE_GRANTED: voteOnce,
      },
    },
  },
});
