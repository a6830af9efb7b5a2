import { type Mutant, mutant } from '../mutant.ts';
import { CORE, DISK, FOLLOWING, PIECES, PROCESS, PROGRESS, RECEIVING, REPLICATING, ROLE, SENDING } from './sources.ts';

/** What becomes of what was lost, and of snapshots. */

export const LOSSES: readonly Mutant[] = [
  mutant(
    'a recovering node votes',
    'case 30',
    ROLE,
    "CAUGHT_UP: 'follower',",
    "CAUGHT_UP: 'follower',\n        VOTE_GRANTED: voteOnce,",
  ),
  mutant('a lost tail is forgotten at the start', 'case 30', CORE, "if (recovering) return 'recovering';", ''),
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
    "(progress.state === 'snapshot' && matchIndex >= (progress.snapshot?.head.index ?? 0))",
    "(progress.state === 'snapshot' && matchIndex < 0)",
  ),
  {
    ...mutant(
      'a recovering node is whole too soon',
      'case 30',
      FOLLOWING,
      'if (core.matched.index < index || core.durableIndex < index) return;',
      'if (core.matched.index + index < 1) return;',
    ),
    // One run in a hundred comes by, if that: it takes the leader away at the very moment.
    script: 'test/raft/bugs-recovering.test.ts',
  },
  {
    name: 'a damaged row is taken for what was written',
    from: 'case 30',
    patches: [
      { file: DISK, find: '      throw new RowDamaged(index);\n', put: '' },
      { file: DISK, find: 'if (noticed.length === 0) return null;', put: 'if (noticed.length >= 0) return null;' },
    ],
  },
  {
    name: 'neither the pieces nor the whole of a snapshot are checked',
    from: 'paper §7',
    patches: [
      {
        file: PIECES,
        find: 'if (piece.offset !== kept.offset || !isWhole) return kept;',
        put: 'if (piece.offset !== kept.offset) return kept;',
      },
      { file: PROCESS, find: 'if (state.hash !== made.hash) {', put: 'if (Number.isNaN(state.hash)) {' },
    ],
  },
  mutant(
    'a piece that was garbled is not asked for again',
    'case 31',
    RECEIVING,
    '  if (offset <= receiving.writtenOffset) receiving.acceptedOffset = offset;\n  else receiving',
    '  receiving',
  ),
  // A member that was removed, added again, and lost its end back to its removal: two runs of chance in a row.
  {
    ...mutant(
      'who recovers is removed by what it reads on the way, and votes',
      'case 30',
      ROLE,
      "CAUGHT_UP: 'follower',\n",
      "CAUGHT_UP: 'follower',\n        REMOVED: 'removed',\n",
    ),
    script: 'test/raft/recovering-and-removed.test.ts',
  },
  {
    ...mutant(
      'who was removed is not told that its log is not whole',
      'case 30',
      ROLE,
      "READMITTED: 'learner',\n        LOG_LOST: 'recovering',\n",
      "READMITTED: 'learner',\n",
    ),
    script: 'test/raft/recovering-and-removed.test.ts',
  },
  {
    ...mutant(
      'a transfer ends when another copy becomes the newest',
      'case 31',
      SENDING,
      'if (piece === null) {',
      'if (piece === null || leading.snapshot?.snapshotId !== snapshotId) {',
    ),
    script: 'test/raft/bugs-snapshots.test.ts',
  },
  {
    ...mutant(
      'what is handed out counts for more than what the disk said last',
      'case 31',
      RECEIVING,
      'receiving.acceptedOffset = offset;',
      'receiving.acceptedOffset = receiving.writtenOffset;',
    ),
    script: 'test/raft/bugs-snapshots.test.ts',
  },
  {
    ...mutant(
      'a copy that does not add up is sent again and again',
      'case 31',
      RECEIVING,
      'offset: 0, refused: true',
      'offset: 0',
    ),
    script: 'test/raft/bugs-snapshots.test.ts',
  },
  mutant(
    'a snapshot that does not add up is waited for for ever',
    'case 31',
    RECEIVING,
    '  core.receiving = null;\n  turn.send(receiving.from',
    '  turn.send(receiving.from',
  ),
  mutant(
    'a late acknowledgement hides that pieces of a snapshot are lost',
    'case 31',
    PROGRESS,
    "if (progress.state !== 'snapshot') progress.waitingSinceMs =",
    'progress.waitingSinceMs =',
  ),
];
