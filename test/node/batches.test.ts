import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/clock.ts';
import { CALLBACK_BODY_BYTES_MAX } from '../../src/http/limits.ts';
import { AnsweringAsks } from '../../src/node/answering-asks.ts';
import { AskingLeader } from '../../src/node/asking-leader.ts';
import { batchesOf, type MeasuredNote, measured } from '../../src/node/batches.ts';
import { Leadership } from '../../src/node/leadership.ts';
import {
  ASKS_BYTES_MAX,
  NOTES_WAITING_BYTES_MAX,
  PAIR_CHARS_MAX,
  PROPOSALS_WAITING_CHARS_MAX,
} from '../../src/node/limits.ts';
import type { Ask, PeerNote } from '../../src/node/peer-notes.ts';
import { Peers } from '../../src/node/peers.ts';
import { ProposalQueue } from '../../src/node/proposal-queue.ts';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import { APPEND_BYTES_MAX, APPEND_ENTRIES_MAX, READS_WAITING_MAX } from '../../src/raft/limits.ts';
import type { Message, MessageBody } from '../../src/raft/messages.ts';
import type { EntryKind, MemberId } from '../../src/raft/types.ts';
import type { CommandId } from '../../src/tasks/command-id.ts';
import { decideCreate } from '../../src/tasks/decide.ts';
import { encodeEntry } from '../../src/tasks/entry.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { BATCH_BYTES_MAX } from '../../src/transport/limits.ts';
import { noTransport, type PeerBatch } from '../../src/transport/transport.ts';
import { draft, Scenario } from '../tasks/scenario.ts';
import { create, withNode } from './running-node.ts';

const n1 = 'n1/i1' as MemberId;
const n2 = 'n2/i2' as MemberId;
const NUMBER = Number.MAX_SAFE_INTEGER;

/** As a transport would, at its simplest. */
const encode = (batch: unknown): string =>
  JSON.stringify(batch, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
const wireBytes = (batch: unknown): number => Buffer.byteLength(encode(batch));

const say = (body: MessageBody): Message => ({ from: n1, to: n2, term: NUMBER, ...body });
const entry = (data: string, kind: EntryKind = 'events') => ({ index: NUMBER, term: NUMBER, kind, data });
const append = (...data: string[]): Message =>
  say({
    type: 'append',
    prevIndex: NUMBER,
    prevTerm: NUMBER,
    entries: data.map((one) => entry(one)),
    commitIndex: NUMBER,
  });

/** JSON texts that weigh as much as text can: quotes, backslashes, letters of three bytes, lone surrogates. */
const weighty = fc
  .tuple(fc.constantFrom('a', '"', '\\', '字', '\ud800', '😀', '\u0001', 'é'), fc.nat(120_000))
  .map(([one, count]) => JSON.stringify(one.repeat(count)).slice(0, APPEND_BYTES_MAX));
const message: fc.Arbitrary<Message> = fc.oneof(
  weighty.map((text) => append(text)),
  fc.nat(APPEND_ENTRIES_MAX).map((count) => append(...new Array<string>(count).fill('{"\\":字}'))),
  fc.nat(READS_WAITING_MAX).map((count) => say({ type: 'read-index', readIds: new Array<number>(count).fill(NUMBER) })),
  fc.nat(256 * 1_024).map((length) => {
    const configuration = { members: [] };
    const head = { snapshotId: 's'.repeat(64), index: NUMBER, term: NUMBER, configuration, bytes: NUMBER };
    return say({ type: 'snapshot-chunk', head, offset: NUMBER, data: new Uint8Array(length), checksum: NUMBER });
  }),
  fc.constant(say({ type: 'heartbeat', round: NUMBER, commitIndex: NUMBER, lastIndex: NUMBER, logLost: false })),
);
const noteOf = (text: string): PeerNote => ({
  kind: 'ask',
  askId: 'n1/i1/1/1' as CommandId,
  ask: {
    type: 'submit',
    by: 'test',
    command: { type: 'CreateTask', idempotency: null, draft: draft({ schedule: text }) },
  },
  term: NUMBER,
});
const note = weighty.map((text) => noteOf(text.slice(0, 40_000)));

test('whatever is to be sent to a peer, no batch of it is larger than what is carried at once, and none of it is lost', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(note, { maxLength: 6 }), (raft, notes) => {
      const batches = [...batchesOf(raft, notes.map(measured), assert.fail)];
      for (const batch of batches) {
        assert.ok(wireBytes({ ...batch, clockMs: NUMBER, clusterMs: NUMBER }) <= BATCH_BYTES_MAX);
      }
      assert.deepEqual(
        batches.flatMap((batch) => batch.raft),
        raft,
      );
      assert.deepEqual(
        batches.flatMap((batch) => batch.notes),
        notes,
      );
    }),
    { numRuns: 60 },
  );
});

test('the largest append, of whatever letters, is one batch', () => {
  for (const letter of ['"', '字', '\\']) {
    const half = append(JSON.stringify(letter.repeat(APPEND_BYTES_MAX / 2)).slice(0, APPEND_BYTES_MAX / 2));
    for (const batch of batchesOf([half, half, half], [], assert.fail)) assert.ok(wireBytes(batch) <= BATCH_BYTES_MAX);
    const large = append(JSON.stringify(letter.repeat(APPEND_BYTES_MAX)).slice(0, APPEND_BYTES_MAX));
    assert.equal([...batchesOf([large], [], assert.fail)].length, 1);
    assert.ok(wireBytes([large]) <= BATCH_BYTES_MAX);
  }
});

test('the largest task that is taken fits an entry, a question and its answer', () => {
  const scenario = new Scenario();
  const body = `"${'\\'.repeat(CALLBACK_BODY_BYTES_MAX - 2)}"`;
  const largest = draft({
    name: '\ud800'.repeat(200),
    tags: Array.from({ length: 20 }, () => '\ud800'.repeat(64)),
    callback: {
      url: `http://127.0.0.1:9000/${'x'.repeat(4_074)}`,
      method: 'DELETE',
      headers: { x: '\t'.repeat(6_143) },
      body,
    },
  });
  const command = {
    type: 'CreateTask',
    draft: largest,
    idempotency: { key: '"'.repeat(255), fingerprint: 'f'.repeat(64) },
  } as const;
  scenario.when(command);
  const [made] = scenario.entries;
  assert.ok(made !== undefined);
  const pair = JSON.stringify(made.pairs[0]);
  assert.ok(pair.length + 256 <= PAIR_CHARS_MAX, `${pair.length}`);
  const asked: PeerNote = {
    kind: 'ask',
    askId: 'a'.repeat(128) as CommandId,
    ask: { type: 'submit', by: 'token', command },
    term: NUMBER,
  };
  const batches = [...batchesOf([append(encodeEntry(made))], [measured(asked)], assert.fail)];
  assert.equal(batches.length, 2);
  for (const batch of batches) assert.ok(wireBytes(batch) <= BATCH_BYTES_MAX);
});

test('a change that would fit no message between nodes is refused, and the node goes on', () =>
  withNode(async (node) => {
    const callback = { ...draft().callback, body: JSON.stringify('x'.repeat(PAIR_CHARS_MAX)) };
    const outcome = await node.submit(
      { type: 'CreateTask', draft: draft({ callback }), idempotency: null },
      { by: 'test' },
    );
    assert.equal(outcome.outcome === 'refused' ? outcome.refusal.code : outcome.outcome, 'task_too_large');
    await create(node, {});
  }));

const largeNote = (): MeasuredNote => measured(noteOf('x'.repeat(200_000)));

function peersTo(sent: PeerBatch[], dropped: string[]): Peers {
  const transport = { ...noTransport, send: (_to: MemberId, batch: PeerBatch) => void sent.push(batch) };
  return new Peers({
    transport,
    clock: { ...systemClock, heard: () => true, ownMs: () => 0 },
    take() {},
    noted() {},
    hailed() {},
    dropped: (_from, cause) => dropped.push(cause),
  });
}

test('notes that wait for a peer are bounded by their bytes; one that fits nowhere is dropped and said so', async () => {
  const sent: PeerBatch[] = [];
  const dropped: string[] = [];
  const peers = peersTo(sent, dropped);
  const one = largeNote();
  const fitting = Math.floor(NOTES_WAITING_BYTES_MAX / one.bytes);
  for (let count = 0; count < fitting + 10; count += 1) peers.sendNote(n2, one);
  await new Promise((resolve) => systemClock.nextTurn(() => systemClock.nextTurn(() => resolve(null))));
  assert.equal(sent.flatMap(({ notes }) => notes).length, fitting);
  assert.ok(sent.every((batch) => wireBytes(batch) <= BATCH_BYTES_MAX));
  peers.sendNote(n2, measured(noteOf('x'.repeat(BATCH_BYTES_MAX))));
  await new Promise((resolve) => systemClock.nextTurn(() => systemClock.nextTurn(() => resolve(null))));
  assert.deepEqual(dropped, ['a note to it that fits no message']);
});

const asksThatFit = Math.floor(ASKS_BYTES_MAX / largeNote().bytes);
const large: Ask = (largeNote().note as Extract<PeerNote, { kind: 'ask' }>).ask;
const askId = (at: number): CommandId => `n1/i1/1/${at}` as CommandId;

test('questions that wait for an answer are bounded by their bytes', async () => {
  const leadership = new Leadership(systemClock, n1);
  const asking = new AskingLeader(systemClock, leadership, () => {});
  const outcomes = Array.from({ length: asksThatFit + 1 }, (_, at) => asking.ask(askId(at), large, 60_000));
  assert.equal((await outcomes.at(-1))?.kind, 'overloaded');
  asking.stop();
  assert.ok((await Promise.all(outcomes.slice(0, asksThatFit))).every(({ kind }) => kind === 'late'));
  const again = asking.ask(askId(0), large, 60_000);
  asking.stop();
  assert.equal((await again).kind, 'late', 'what was given up weighs no more');
});

test('so are those that a leader works on', async () => {
  let begun = 0;
  const release: (() => void)[] = [];
  const answering = new AnsweringAsks({
    mayDecide: () => true,
    clock: systemClock,
    answer: () => {
      begun += 1;
      return new Promise((answer) => release.push(() => answer({ type: 'taken' })));
    },
    send: () => {},
    failed: assert.fail,
  });
  const ask = (at: number) => ({ kind: 'ask', askId: askId(at), ask: large, term: 1 }) as const;
  for (let at = 0; at < asksThatFit + 10; at += 1) answering.take(n2, ask(at));
  assert.ok(begun >= asksThatFit && begun < asksThatFit + 10, `${begun}`);
  for (const one of release) one();
  await new Promise((resolve) => setImmediate(resolve));
  const before = begun;
  answering.take(n2, ask(99_999));
  assert.equal(begun, before + 1);
});

test('what waits for the log is bounded by its characters too, until it is taken', () => {
  const queue = new ProposalQueue();
  const callback = { ...draft().callback, body: 'x'.repeat(250_000) };
  const decided = decideCreate({ type: 'CreateTask', draft: draft({ callback }), idempotency: null }, '1' as TaskId, {
    nowMs: 0,
    logTimeMs: 0,
    planner: schedulePlanner,
    by: 'test',
  });
  assert.ok(decided.ok);
  const fitting = Math.ceil(PROPOSALS_WAITING_CHARS_MAX / JSON.stringify(decided.value).length);
  for (let count = 0; count < fitting; count += 1) {
    assert.ok(!queue.isFull, `${count} of ${fitting}`);
    queue.add(decided.value, () => {}, 'client');
  }
  assert.ok(queue.isFull);
  queue.gather(0, 1);
  assert.ok(!queue.isFull);
});
