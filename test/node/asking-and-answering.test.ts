import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { AnsweringAsks } from '../../src/node/answering-asks.ts';
import { AskingLeader } from '../../src/node/asking-leader.ts';
import type { MeasuredNote } from '../../src/node/batches.ts';
import { Leadership } from '../../src/node/leadership.ts';
import type { Answer, Ask, PeerNote } from '../../src/node/peer-notes.ts';
import type { MemberId, Term } from '../../src/raft/types.ts';
import { refusal } from '../../src/tasks/command.ts';
import type { CommandId } from '../../src/tasks/command-id.ts';

const n1 = 'n1/i1' as MemberId;
const n2 = 'n2/i1' as MemberId;
const n3 = 'n3/i1' as MemberId;
const ask: Ask = { type: 'start', nodeId: 'n1', instance: 'i1', incarnation: 1 };
const refused: Answer = {
  type: 'submitted',
  outcome: { outcome: 'refused', refusal: refusal('task_paused', 'it is paused already') },
};
const askId = 'n1/i1/1/1' as CommandId;
const noteOf = (term: Term): Extract<PeerNote, { kind: 'ask' }> => ({ kind: 'ask', askId, ask, term });

/** A leader of term 2, and what it says. */
function leaderOfTermTwo(answer: () => Promise<Answer>) {
  const said: PeerNote[] = [];
  const answering = new AnsweringAsks({
    mayDecide: (term) => term === 2,
    clock: systemClock,
    answer,
    send: (_, { note }) => said.push(note),
    failed: assert.fail,
  });
  return { answering, said };
}

test('a late copy of a question that was refused is refused again, and not carried out', async () => {
  let decided = 0;
  const { answering, said } = leaderOfTermTwo(async () => {
    decided += 1;
    return refused;
  });
  answering.take(n1, noteOf(2));
  await new Promise((resolve) => setImmediate(resolve));
  answering.take(n1, noteOf(2));
  assert.equal(decided, 1);
  const answer = { kind: 'answer', askId, answer: refused, term: 2 };
  assert.deepEqual(said, [answer, answer]);
});

test('a copy that was meant for the leader of another term is not carried out', () => {
  const { answering, said } = leaderOfTermTwo(assert.fail);
  answering.take(n1, noteOf(1));
  assert.deepEqual(said, [{ kind: 'answer', askId, answer: { type: 'not-leading' }, term: 1 }]);
});

test('what a leader refuses holds no more once the next one was asked', async () => {
  const leadership = new Leadership(systemClock, n1);
  const sent: MeasuredNote[] = [];
  const asking = new AskingLeader(systemClock, leadership, (_, note) => sent.push(note));
  leadership.changed(n2, 1);
  let settled = false;
  const outcome = asking.ask(askId, ask, 60_000).finally(() => {
    settled = true;
  });
  leadership.changed(n3, 2);
  asking.leaderChanged();
  assert.deepEqual(
    sent.map(({ note }) => note.kind === 'ask' && note.term),
    [1, 2],
  );
  asking.answered({ kind: 'answer', askId, answer: refused, term: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!settled);
  asking.answered({ kind: 'answer', askId, answer: { type: 'taken' }, term: 2 });
  assert.deepEqual(await outcome, { kind: 'answered', answer: { type: 'taken' }, before: true });
});

test('whoever asks again under the same id while the first is under way hears the same, and nobody hangs', async () => {
  const leadership = new Leadership(systemClock, n1);
  const sent: MeasuredNote[] = [];
  const asking = new AskingLeader(systemClock, leadership, (_, note) => sent.push(note));
  leadership.changed(n2, 1);
  const asked = [asking.ask(askId, ask, 60_000), asking.ask(askId, ask, 60_000)];
  assert.equal(sent.length, 1);
  asking.answered({ kind: 'answer', askId, answer: { type: 'taken' }, term: 1 });
  const late = new Promise((resolve) => setImmediate(resolve, 'hangs'));
  const answered = { kind: 'answered', answer: { type: 'taken' }, before: false };
  assert.deepEqual(await Promise.race([Promise.all(asked), late]), [answered, answered]);
  asking.stop();
});
