import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Cluster,
  createCluster,
  elect,
  nodeNamed,
  pass,
  roleNow,
  tick,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { memberOf, running, start, TIMINGS } from './cluster/node.ts';
import { append, ofType, preVote, requestVote, restartWith, take, tell } from './cluster/say.ts';

/** Paper §5.2: elections. Before a candidate raises its term it asks whether it would win: thesis §9.6. */

const cluster = (voters: number): Cluster =>
  createCluster(votersNamed(...Array.from({ length: voters }, (_, at) => `n${at + 1}`)));
const contextOf = (world: Cluster) => running(nodeNamed(world, 'n1')).role.context;

/** n1 stands in term 1: a majority would vote for it. Returns what it asks. */
function stand(world: Cluster) {
  timeOut(world, nodeNamed(world, 'n1'));
  take(world, 'n1');
  return [...world.nodes.keys()]
    .filter((name) => name !== 'n1')
    .flatMap((name) => tell(world, 'n1', name, 0, { type: 'pre-vote-answer', forTerm: 1, granted: true }));
}

test('§5.2: when servers start up, they begin as followers', () => {
  const world = cluster(3);
  for (const name of world.nodes.keys()) assert.equal(roleNow(world, name), 'follower');
  elect(world, 'n1');
  start(nodeNamed(world, 'n1'));
  assert.equal(roleNow(world, 'n1'), 'follower', 'a leader that starts again as well');
});

test('§5.2: leaders send periodic heartbeats to all followers', () => {
  const world = cluster(3);
  elect(world, 'n1');
  take(world, 'n1');
  const leader = nodeNamed(world, 'n1');
  tick(world, leader, TIMINGS.heartbeatMs);
  const beats = () => ofType(take(world, 'n1'), 'heartbeat').map(({ to, term }) => `${to} in term ${term}`);
  assert.deepEqual(beats(), ['n2/i1 in term 1', 'n3/i1 in term 1']);
  tick(world, leader, TIMINGS.heartbeatMs - 1);
  assert.deepEqual(beats(), [], 'no sooner than that');
  tick(world, leader, 1);
  assert.equal(beats().length, 2);
});

test('§5.2: a follower that hears from nobody over the election timeout begins an election', () => {
  const world = cluster(3);
  const node = nodeNamed(world, 'n1');
  tick(world, node, 0);
  tick(world, node, 599);
  assert.equal(roleNow(world, 'n1'), 'follower');
  tick(world, node, 1);
  assert.equal(roleNow(world, 'n1'), 'preCandidate');
  assert.equal(ofType(take(world, 'n1'), 'pre-vote').length, 2);
});

test('§5.2: word of the leader before the first tick of the clock counts from there', () => {
  const world = cluster(3);
  tell(world, 'n1', 'n2', 1, append(0, 0, []));
  const node = nodeNamed(world, 'n1');
  tick(world, node, 1_000_000);
  assert.equal(roleNow(world, 'n1'), 'follower');
  tick(world, node, 599);
  assert.equal(roleNow(world, 'n1'), 'follower');
  tick(world, node, 1);
  assert.equal(roleNow(world, 'n1'), 'preCandidate');
});

test('§5.2: word of the leader puts the election off', () => {
  const world = cluster(3);
  const node = nodeNamed(world, 'n1');
  tick(world, node, 0);
  for (let heard = 0; heard < 5; heard += 1) {
    tick(world, node, 500);
    tell(world, 'n1', 'n2', 1, append(0, 0, []));
  }
  assert.equal(roleNow(world, 'n1'), 'follower');
});

test('§5.2: to begin an election it raises its term, votes for itself, and asks all others in parallel', () => {
  const world = cluster(5);
  const asked = ofType(stand(world), 'vote');
  assert.equal(roleNow(world, 'n1'), 'candidate');
  assert.deepEqual({ ...contextOf(world) }, { self: 'n1/i1', term: 1, votedFor: 'n1/i1', leader: null });
  assert.deepEqual(
    asked.map(({ to, term }) => [to, term]),
    ['n2', 'n3', 'n4', 'n5'].map((name) => [`${name}/i1`, 1]),
  );
});

test('§5.2: a candidate whose election has no outcome times out and begins a new one, in a later term', () => {
  const world = cluster(3);
  stand(world);
  assert.equal(roleNow(world, 'n1'), 'candidate');
  timeOut(world, nodeNamed(world, 'n1'));
  assert.equal(roleNow(world, 'n1'), 'preCandidate');
  tell(world, 'n1', 'n2', 0, { type: 'pre-vote-answer', forTerm: 2, granted: true });
  assert.equal(roleNow(world, 'n1'), 'candidate');
  assert.equal(contextOf(world).term, 2);
});

describe('§5.2: a candidate wins with votes from a majority of the full cluster in the same term', () => {
  const cases: readonly (readonly [voters: number, granted: number, refused: number, role: string])[] = [
    [1, 0, 0, 'leader'],
    [3, 2, 0, 'leader'],
    [3, 1, 1, 'leader'],
    [3, 0, 2, 'candidate'],
    [5, 4, 0, 'leader'],
    [5, 2, 2, 'leader'],
    [5, 1, 3, 'candidate'],
    [5, 1, 0, 'candidate'],
    [5, 0, 0, 'candidate'],
  ];
  for (const [voters, granted, refused, role] of cases) {
    test(`${voters} voters, ${granted} others for it and ${refused} against: ${role}`, () => {
      const world = cluster(voters);
      if (voters === 1) {
        elect(world, 'n1');
        return;
      }
      stand(world);
      for (let at = 0; at < granted + refused; at += 1) {
        tell(world, 'n1', `n${at + 2}`, 1, { type: 'vote-answer', granted: at < granted });
      }
      assert.equal(roleNow(world, 'n1'), role);
    });
  }

  test('the same voter twice is one vote', () => {
    const world = cluster(5);
    stand(world);
    for (const name of ['n2', 'n2', 'n2']) tell(world, 'n1', name, 1, { type: 'vote-answer', granted: true });
    assert.equal(roleNow(world, 'n1'), 'candidate');
  });

  test('and it says so to all others, which keeps them from standing', () => {
    const world = cluster(3);
    stand(world);
    const said = tell(world, 'n1', 'n2', 1, { type: 'vote-answer', granted: true });
    assert.deepEqual(
      ofType(said, 'append').map(({ to }) => to),
      ['n2/i1', 'n3/i1'],
    );
  });
});

describe('§5.2: a server votes for at most one candidate in a term, first come, first served', () => {
  const votes: readonly (readonly [votedFor: string | null, candidate: string, granted: boolean])[] = [
    [null, 'n2', true],
    [null, 'n3', true],
    ['n2', 'n2', true],
    ['n3', 'n3', true],
    ['n2', 'n3', false],
    ['n3', 'n2', false],
  ];
  for (const [votedFor, candidate, granted] of votes) {
    test(`voted for ${votedFor ?? 'nobody'}, asked by ${candidate}: ${granted ? 'granted' : 'refused'}`, () => {
      const world = cluster(3);
      restartWith(world, 'n1', [], 1, votedFor === null ? null : memberOf(votedFor));
      const [answer] = ofType(tell(world, 'n1', candidate, 1, requestVote()), 'vote-answer');
      assert.equal(answer?.granted, granted);
      assert.equal(contextOf(world).votedFor, granted ? `${candidate}/i1` : `${votedFor}/i1`);
    });
  }

  test('one that only asks whether it would win has its vote still to give', () => {
    const world = cluster(3);
    restartWith(world, 'n1', [], 1);
    timeOut(world, nodeNamed(world, 'n1'));
    assert.equal(roleNow(world, 'n1'), 'preCandidate');
    take(world, 'n1');
    assert.equal(ofType(tell(world, 'n1', 'n2', 1, requestVote()), 'vote-answer')[0]?.granted, true);
    assert.equal(roleNow(world, 'n1'), 'follower');
  });

  test('a vote given puts the own election off', () => {
    const world = cluster(3);
    const node = nodeNamed(world, 'n1');
    tick(world, node, 0);
    tick(world, node, 599);
    tell(world, 'n1', 'n2', 1, requestVote());
    tick(world, node, 1);
    assert.equal(roleNow(world, 'n1'), 'follower');
  });
});

describe('§5.2: a candidate that hears from a leader of its term or a later one is a follower again', () => {
  for (const term of [1, 2]) {
    test(`its own term is 1, the leader's is ${term}`, () => {
      const world = cluster(3);
      stand(world);
      tell(world, 'n1', 'n2', term, append(0, 0, []));
      assert.equal(roleNow(world, 'n1'), 'follower');
      assert.equal(contextOf(world).leader, 'n2/i1');
      assert.equal(contextOf(world).term, term);
    });
  }

  test('a leader of an earlier term changes nothing: it stays a candidate', () => {
    const world = cluster(3);
    stand(world);
    tell(world, 'n1', 'n2', 0, append(0, 0, []));
    assert.equal(roleNow(world, 'n1'), 'candidate');
  });
});

describe('§5.2: election timeouts are chosen anew each time from a fixed interval', () => {
  const { electionTimeoutMinMs: min, electionTimeoutMaxMs: max } = TIMINGS;

  /** After how long n1 begins, with this random value drawn. */
  function waits(random: number, before: (world: Cluster) => void): number {
    const world = cluster(3);
    const node = nodeNamed(world, 'n1');
    node.random = random;
    tick(world, node, 0);
    before(world);
    const began = node.monotonicMs;
    take(world, 'n1');
    while (ofType(take(world, 'n1'), 'pre-vote').length === 0) tick(world, node, 1);
    return node.monotonicMs - began;
  }

  const roles = { follower: (_: Cluster): void => {}, candidate: (world: Cluster): void => void stand(world) };
  for (const [role, before] of Object.entries(roles)) {
    test(`by a ${role}: as random as what comes in`, () => {
      for (const random of [0, 0.25, 0.5, 0.999]) {
        const waited = waits(random, before);
        assert.ok(Math.abs(waited - (min + random * (max - min))) <= 1, `${random}: ${waited} ms`);
      }
    });
  }

  test('so that split votes are rare: of five, one is mostly alone with the first round', () => {
    const ROUNDS = 1_000;
    let collisions = 0;
    // A sequence without chance, spread evenly: multiples of the golden ratio.
    let drawn = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const world = cluster(5);
      const due = [...world.nodes.values()].map((node) => {
        drawn = (drawn + 0.618_033_988_7) % 1;
        node.random = drawn;
        tick(world, node, 0);
        return running(node).electionDueAtMs ?? 0;
      });
      due.sort((a, b) => a - b);
      // Within a round trip of a millisecond of each other.
      if ((due[1] ?? 0) - (due[0] ?? 0) < 1) collisions += 1;
    }
    assert.ok(collisions < ROUNDS / 10, `${collisions} of ${ROUNDS}`);
  });

  test('and the timeouts of followers that heard the same heartbeat differ', () => {
    const world = cluster(3);
    [...world.nodes.values()].forEach((node, at) => {
      node.random = at / 3;
    });
    pass(world, 0);
    for (const name of ['n2', 'n3']) tell(world, name, 'n1', 1, append(0, 0, []));
    const due = ['n2', 'n3'].map((name) => running(nodeNamed(world, name)).electionDueAtMs);
    assert.notEqual(due[0], due[1]);
  });
});

describe('of two that ask at once one stands aside', () => {
  const granted = { type: 'pre-vote-answer', forTerm: 1, granted: true } as const;

  test('the one that goes on is the same whoever asked first; the other does not stand, whatever it is answered', () => {
    for (const [asker, other, stands] of [
      ['n1', 'n3', 'preCandidate'],
      ['n3', 'n1', 'candidate'],
    ] as const) {
      const world = cluster(3);
      timeOut(world, nodeNamed(world, asker));
      assert.equal(ofType(tell(world, asker, other, 0, preVote(1)), 'pre-vote-answer')[0]?.granted, true);
      for (const voter of ['n2', other]) tell(world, asker, voter, 0, granted);
      assert.equal(roleNow(world, asker), stands);
    }
  });

  test('for one that asks again and again, and comes to nothing, nobody stands aside twice', () => {
    const world = cluster(3);
    const node = nodeNamed(world, 'n1');
    timeOut(world, node);
    tell(world, 'n1', 'n3', 0, preVote(1));
    const dueAtMs = running(node).electionDueAtMs;
    tick(world, node, TIMINGS.electionTimeoutMinMs / 2);
    tell(world, 'n1', 'n3', 0, preVote(1));
    assert.equal(running(node).electionDueAtMs, dueAtMs);
    timeOut(world, node);
    tell(world, 'n1', 'n2', 0, granted);
    assert.equal(roleNow(world, 'n1'), 'candidate');
  });
});
