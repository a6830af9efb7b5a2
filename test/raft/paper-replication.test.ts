import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Cluster,
  createCluster,
  deliver,
  diskWrites,
  elect,
  feed,
  nodeNamed,
  passSettling,
  settle,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { effectsOf } from './cluster/effects.ts';
import { running } from './cluster/node.ts';
import { append, ofType, proposals, restartWith, take, tell, termsOf } from './cluster/say.ts';

/** Paper §5.3: log replication. */

const cluster = (voters: number): Cluster =>
  createCluster(votersNamed(...Array.from({ length: voters }, (_, at) => `n${at + 1}`)));
const three = () => cluster(3);

test('§5.3: the leader appends a command to its log, and sends AppendEntries in parallel to each other server', () => {
  const world = three();
  elect(world, 'n1');
  take(world, 'n1');
  feed(world, nodeNamed(world, 'n1'), proposals('a', 'b'));
  const sent = ofType(take(world, 'n1'), 'append');
  assert.deepEqual(
    sent.map(({ to }) => to),
    ['n2/i1', 'n3/i1'],
  );
  for (const { prevIndex, prevTerm, entries, commitIndex } of sent) {
    assert.deepEqual([prevIndex, prevTerm, commitIndex], [1, 1, 1]);
    assert.deepEqual(
      entries.map(({ index, term, data }) => [index, term, data]),
      [
        [2, 1, 'a'],
        [3, 1, 'b'],
      ],
    );
  }
  assert.equal(running(nodeNamed(world, 'n1')).log.lastIndex, 3);
  assert.equal(running(nodeNamed(world, 'n1')).commitIndex, 1, 'and commits nothing yet');
});

describe('§5.3: a log entry is committed once the leader has replicated it on a majority', () => {
  const cases: readonly (readonly [voters: number, acknowledged: number, committed: boolean])[] = [
    [1, 0, true],
    [3, 0, false],
    [3, 1, true],
    [3, 2, true],
    [5, 1, false],
    [5, 2, true],
    [5, 3, true],
    [5, 4, true],
  ];
  for (const [voters, acknowledged, committed] of cases) {
    test(`${voters} voters, on the leader's disk and ${acknowledged} others': ${committed ? '' : 'not '}committed`, () => {
      const world = cluster(voters);
      elect(world, 'n1');
      const leader = nodeNamed(world, 'n1');
      feed(world, leader, proposals('a'));
      take(world, 'n1');
      diskWrites(world, leader);
      for (let at = 0; at < acknowledged; at += 1)
        tell(world, 'n1', `n${at + 2}`, 1, { type: 'appended', matchIndex: 2 });
      assert.equal(running(leader).commitIndex, committed ? 2 : 1);
    });
  }

  test('the leader’s own disk is one of them, no more', () => {
    const world = three();
    elect(world, 'n1');
    const leader = nodeNamed(world, 'n1');
    leader.diskStalls = true;
    feed(world, leader, proposals('a'));
    tell(world, 'n1', 'n2', 1, { type: 'appended', matchIndex: 2 });
    assert.equal(running(leader).commitIndex, 1);
    tell(world, 'n1', 'n3', 1, { type: 'appended', matchIndex: 2 });
    assert.equal(running(leader).commitIndex, 2);
  });
});

test('§5.3: a follower acknowledges what it has appended, once that is on its disk', () => {
  const world = three();
  const follower = nodeNamed(world, 'n1');
  follower.diskStalls = true;
  assert.deepEqual(tell(world, 'n1', 'n2', 1, append(0, 0, [1, 1])), []);
  diskWrites(world, follower);
  const [answer] = ofType(take(world, 'n1'), 'appended');
  assert.deepEqual([answer?.to, answer?.term, answer?.matchIndex], ['n2/i1', 1, 2]);
});

describe('§5.3: with an entry of its term, the leader commits all preceding ones, also those of earlier leaders', () => {
  for (const before of [[], [2], [1, 2], [1, 1]] as const) {
    test(`the log was [${before}]`, () => {
      const world = three();
      for (const name of ['n1', 'n2', 'n3']) restartWith(world, name, before, 2);
      elect(world, 'n1');
      const end = before.length + 1;
      for (const name of ['n1', 'n2', 'n3']) {
        assert.equal(running(nodeNamed(world, name)).commitIndex, end, name);
        assert.deepEqual(effectsOf(world, name, 'committed').at(-1), { type: 'committed', index: end });
      }
    });
  }
});

describe('§5.3: once a follower learns that an entry is committed, it applies it, in log order', () => {
  const cases: readonly (readonly [terms: readonly number[], commit: number])[] = [
    [[1], 1],
    [[1, 1], 1],
    [[1, 1], 2],
    [[1, 1, 1], 3],
  ];
  for (const [terms, commit] of cases) {
    test(`it gets ${terms.length} entries, and that ${commit} are committed`, () => {
      const world = three();
      tell(world, 'n1', 'n2', 1, append(0, 0, terms, commit));
      assert.deepEqual(effectsOf(world, 'n1', 'committed'), [{ type: 'committed', index: commit }]);
    });
  }

  test('that is told alone and asks for no answer: it says something only where its log is another', () => {
    const world = three();
    tell(world, 'n1', 'n2', 1, append(0, 0, [1, 1]));
    assert.deepEqual(tell(world, 'n1', 'n2', 1, { ...append(2, 1, [], 2), quiet: true }), []);
    assert.deepEqual(effectsOf(world, 'n1', 'committed'), [{ type: 'committed', index: 2 }]);
    const [refusal] = ofType(tell(world, 'n1', 'n2', 1, { ...append(3, 1, [], 3), quiet: true }), 'append-refused');
    assert.deepEqual([refusal?.to, refusal?.lastIndex], ['n2/i1', 2]);
  });

  test('the leader asks for none where it has nothing else to say', () => {
    const world = three();
    elect(world, 'n1');
    take(world, 'n1');
    feed(world, nodeNamed(world, 'n1'), proposals('a'));
    diskWrites(world, nodeNamed(world, 'n1'));
    const appends = ofType(take(world, 'n1'), 'append');
    assert.deepEqual(
      appends.map(({ quiet }) => quiet),
      [undefined, undefined],
    );
    const [news] = ofType(tell(world, 'n1', 'n2', 1, { type: 'appended', matchIndex: 2 }), 'append');
    assert.deepEqual([news?.to, news?.entries.length, news?.commitIndex, news?.quiet], ['n2/i1', 0, 2, true]);
  });

  test('from a heartbeat as well', () => {
    const world = three();
    tell(world, 'n1', 'n2', 1, append(0, 0, [1, 1]));
    tell(world, 'n1', 'n2', 1, { type: 'heartbeat', round: 1, commitIndex: 2, lastIndex: 2, logLost: false });
    assert.equal(running(nodeNamed(world, 'n1')).commitIndex, 2);
  });
});

describe('§5.3: a follower refuses entries that do not follow on an entry of the same index and term', () => {
  const log = [1, 2, 2];
  const cases: readonly (readonly [prevIndex: number, prevTerm: number, fits: boolean])[] = [
    [0, 0, true],
    [1, 1, true],
    [2, 2, true],
    [3, 2, true],
    [1, 2, false],
    [2, 1, false],
    [3, 3, false],
    [4, 2, false],
  ];
  for (const [prevIndex, prevTerm, fits] of cases) {
    test(`its log is [${log}], the entries follow ${prevIndex} of term ${prevTerm}`, () => {
      const world = three();
      const node = restartWith(world, 'n1', log);
      const [answer] = tell(world, 'n1', 'n2', 3, append(prevIndex, prevTerm, []));
      assert.equal(answer?.type, fits ? 'appended' : 'append-refused');
      if (answer?.type === 'append-refused') assert.equal(answer.prevIndex, prevIndex);
      assert.deepEqual(termsOf(node), log);
    });
  }
});

describe('§5.3: a conflicting entry and all that follow it go; what is the same stays; what is new is appended', () => {
  const cases: readonly (readonly [prevIndex: number, prevTerm: number, sent: readonly number[], log: number[]])[] = [
    [2, 2, [3], [1, 2, 3]],
    [1, 1, [3, 4], [1, 3, 4]],
    [0, 0, [1], [1, 2]],
    [0, 0, [3], [3]],
    [1, 1, [2], [1, 2]],
    [1, 1, [2, 4], [1, 2, 4]],
  ];
  for (const [prevIndex, prevTerm, sent, log] of cases) {
    test(`its log is [1,2]; after ${prevIndex} of term ${prevTerm} come [${sent}]: [${log}]`, () => {
      const world = three();
      const node = restartWith(world, 'n1', [1, 2]);
      tell(world, 'n1', 'n2', 4, append(prevIndex, prevTerm, sent));
      assert.deepEqual(termsOf(node), log);
      const written = effectsOf(world, 'n1', 'persist').flatMap(({ entries }) => entries);
      const kept = [1, 2].findIndex((term, at) => log[at] !== term);
      assert.ok(
        written.every(({ index }) => index > (kept < 0 ? 2 : kept)),
        'what is there is not written again',
      );
    });
  }

  test('an answer late and repeated says the same', () => {
    const world = three();
    restartWith(world, 'n1', [1, 1, 1]);
    const [answer] = ofType(tell(world, 'n1', 'n2', 1, append(0, 0, [1, 1])), 'appended');
    assert.equal(answer?.matchIndex, 2);
    assert.deepEqual(termsOf(nodeNamed(world, 'n1')), [1, 1, 1], 'a shorter message removes nothing');
  });
});

describe('§5.3, Figure 7: the leader brings every follower’s log into line with its own', () => {
  const leaderLog = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, log] of Object.entries(followers)) {
    test(`(${name})`, () => {
      const world = three();
      restartWith(world, 'n1', leaderLog, 7);
      restartWith(world, 'n2', log, 7);
      restartWith(world, 'n3', [1, 1, 1, 4], 7);
      // n3 votes for it, as n2 might not.
      timeOut(world, nodeNamed(world, 'n1'));
      settle(world);
      passSettling(world, 200);
      assert.deepEqual(termsOf(nodeNamed(world, 'n2')), [...leaderLog, 8]);
      assert.deepEqual(nodeNamed(world, 'n2').disk.entries, nodeNamed(world, 'n1').disk.entries);
    });
  }

  test('skipping a term of conflicts with each refusal: (f) takes three probes, not eight', () => {
    const world = three();
    restartWith(world, 'n1', leaderLog, 7);
    restartWith(world, 'n2', followers.f, 7);
    timeOut(world, nodeNamed(world, 'n1'));
    settle(world);
    const refused = world.happened.filter((one) => one.kind === 'sent' && one.message.type === 'append-refused');
    assert.ok(refused.length >= 1 && refused.length <= 3, `${refused.length} refusals`);
  });
});

test('§5.3: and so does the follower that refuses: what is of later terms than the leader’s there cannot match', () => {
  const world = three();
  restartWith(world, 'n1', [1, 1, 1, 2, 2, 2, 2], 7);
  restartWith(world, 'n2', [1, 1, 1, 7, 7, 7, 7], 7);
  restartWith(world, 'n3', [1, 1, 1, 2, 2, 2, 2], 7);
  timeOut(world, nodeNamed(world, 'n1'));
  settle(world);
  const refused = world.happened.filter((one) => one.kind === 'sent' && one.message.type === 'append-refused');
  assert.equal(refused.length, 1);
  assert.deepEqual(termsOf(nodeNamed(world, 'n2')), [1, 1, 1, 2, 2, 2, 2, 8]);
});

test('§5.3: followers that are slow are retried indefinitely', () => {
  const world = three();
  elect(world, 'n1');
  world.cut.add('n1>n3');
  feed(world, nodeNamed(world, 'n1'), proposals('a'));
  passSettling(world, 1_000);
  assert.equal(running(nodeNamed(world, 'n3')).log.lastIndex, 1);
  world.cut.clear();
  passSettling(world, 400);
  assert.equal(running(nodeNamed(world, 'n3')).commitIndex, 2);
  deliver(world);
});
