import { type Mutant, mutant } from '../mutant.ts';
import { CHANGING, CORE, QUORUM, REPLICATING, ROLE, TURN } from './sources.ts';

/** Who is a member. */

export const MEMBERS: readonly Mutant[] = [
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
  {
    ...mutant(
      'who was removed, and added again, does not vote before it knows',
      'case 12',
      ROLE,
      'VOTE_GRANTED: voteOnce,\n      },\n    },\n  },\n});',
      '},\n    },\n  },\n});',
    ),
    script: 'test/raft/added-again.test.ts',
  },
  mutant('who was removed hears no more of it', 'case 14', ROLE, "        READMITTED: 'learner',\n", ''),
  {
    ...mutant(
      'a learner is promoted that is not there',
      'thesis §4.2.1',
      CHANGING,
      "if (kind !== 'learner' || !hasCaughtUp(core, leading, nodeId)) continue;",
      "if (kind !== 'learner') continue;",
    ),
    // The cluster waits for it, and in a run everybody comes back.
    script: 'test/raft/edges.test.ts',
  },
];
