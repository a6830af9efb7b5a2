import { type Mutant, mutant } from '../mutant.ts';
import { HOLDS_BACK, sendsAtOnce } from './held-back.ts';
import { DISK, FOLLOWING, PROCESS, REPLICATING, TURN } from './sources.ts';

/** What is in the logs, on disk, and committed. */

export const LOGS: readonly Mutant[] = [
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
  {
    ...mutant(
      'a commit index runs past what the append vouches for',
      'case 26',
      FOLLOWING,
      'commitTo(turn, Math.min(message.commitIndex, matchIndex));',
      'commitTo(turn, Math.min(message.commitIndex, core.log.lastIndex));',
    ),
    // No append of a leader ends before the conflict that it is to settle: refusals lead it to the very entry. So none is seen in a run.
    script: 'test/raft/bugs-commit.test.ts',
  },
  mutant(
    'a heartbeat commits what was never compared',
    'case 26',
    REPLICATING,
    'const commitIndex = Math.min(progress.matchIndex, core.commitIndex);',
    'const { commitIndex } = core;',
  ),
  mutant(
    'what a turn appended before a truncation is written behind it',
    'case 26',
    TURN,
    '    if (kept >= 0) this.#entries.length = kept;\n',
    '',
  ),
  mutant(
    'acknowledgements of those who have no vote are counted',
    'case 10',
    REPLICATING,
    'const reached = quorumIndex(core.voters, (voter) => {',
    'const incoming = [...new Set([...core.voters.incoming, ...leading.peers.keys()])];\n  const reached = quorumIndex({ ...core.voters, incoming }, (voter) => {',
  ),
  mutant(
    'a proposal is known by its index alone',
    'case 22',
    PROCESS,
    'settle(term === entry.term ?',
    'settle(term > 0 ?',
  ),
  mutant(
    'a node goes on after a write that failed',
    'case 24',
    PROCESS,
    'if (!this.#host.disk.write(write, done)) this.#world.failed(this.#host);',
    'if (!this.#host.disk.write(write, done)) done();',
  ),
  mutant(
    'an entry is applied twice: its index is not written with the state',
    'case 29',
    DISK,
    '    this.state = state;\n  }\n\n  compact',
    '    this.state = { ...state, index: Math.max(this.base.index, state.index - 1) };\n  }\n\n  compact',
  ),
  {
    ...mutant(
      'a peer whose log contradicts the base is probed for ever',
      'case 31',
      REPLICATING,
      'index >= core.log.base.index; steps += 1',
      'index > core.log.base.index; steps += 1',
    ),
    // A matter of a few entries around a base: some six hundred runs go by without it.
    script: 'test/raft/scripts.test.ts',
  },
];
