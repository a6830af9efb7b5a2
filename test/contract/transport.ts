import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Hail } from '../../src/raft/forming.ts';
import type { Message, MessageBody } from '../../src/raft/messages.ts';
import type { Configuration, Entry, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import type { PeerBatch, Transport } from '../../src/transport/transport.ts';
import { until } from '../whole/serving.ts';

/** A network on which nodes of one cluster come together. */
export interface NetworkUnderTest {
  /** Resolves when it hears the others. */
  join(nodeId: NodeId, instance: InstanceId): Promise<Transport>;
  close(): Promise<void>;
}

export interface Heard {
  readonly transport: Transport;
  readonly self: MemberId;
  readonly batches: { readonly from: MemberId; readonly batch: PeerBatch }[];
  readonly hails: unknown[];
  readonly unreachable: MemberId[];
}

export function listening(transport: Transport, self: MemberId): Heard {
  const heard: Heard = { transport, self, batches: [], hails: [], unreachable: [] };
  transport.listen({
    received: (from, batch) => heard.batches.push({ from, batch }),
    unreachable: (peer) => heard.unreachable.push(peer),
    hailed: (said) => heard.hails.push(said),
  });
  return heard;
}

export const batchOf = (raft: readonly Message[], notes: readonly unknown[] = []): PeerBatch => ({
  raft,
  notes,
  clockMs: 1_700_000_000_123,
  clusterMs: 1_700_000_000_456,
});

const configuration: Configuration = {
  members: [{ nodeId: 'n1' as NodeId, instance: 'a' as InstanceId, kind: 'voter' }],
  featureLevel: 2,
};

const entry = (index: number, data: string): Entry => ({ index, term: 2, kind: 'events', data });

/** One of each, with what is hard to carry: text beyond ASCII, quotes, line ends, nothing, and bytes that are no text. */
export const EVERY_MESSAGE: readonly MessageBody[] = [
  { type: 'pre-vote', forTerm: 3, lastIndex: 9, lastTerm: 2 },
  { type: 'pre-vote-answer', forTerm: 3, granted: true },
  { type: 'vote', lastIndex: 9, lastTerm: 2, transfer: false },
  { type: 'vote-answer', granted: false },
  {
    type: 'append',
    prevIndex: 9,
    prevTerm: 2,
    commitIndex: 8,
    entries: [
      entry(10, '{"body":"Zürich 東京 🕰️ \\"quoted\\" \\n"}'),
      { index: 11, term: 2, kind: 'term-started', data: '' },
      { index: 12, term: 2, kind: 'configuration', data: JSON.stringify(configuration) },
    ],
  },
  { type: 'append', prevIndex: 12, prevTerm: 2, commitIndex: 12, entries: [] },
  { type: 'append', prevIndex: 12, prevTerm: 2, commitIndex: 12, entries: [], quiet: true },
  { type: 'appended', matchIndex: 12 },
  { type: 'append-refused', prevIndex: 9, lastIndex: 4, hintIndex: 4, hintTerm: 1 },
  { type: 'heartbeat', round: 7, commitIndex: 8, lastIndex: 12, logLost: false },
  { type: 'heartbeat-answer', round: 7, durableIndex: 12, appliedIndex: 8, recovering: false, featureLevel: 2 },
  { type: 'snapshot-received', snapshotId: '8-2-x', offset: 4_096 },
  { type: 'timeout-now' },
  { type: 'read-index', readIds: [1, 2, 3] },
  { type: 'read-index-answer', readIds: [1, 2, 3], index: null },
];

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const CHUNK_BYTES = 256 * 1_024;

export function transportContract(name: string, open: () => Promise<NetworkUnderTest>): void {
  describe(`transport: ${name}`, () => {
    let network: NetworkUnderTest;
    let n1: Heard;
    let n2: Heard;
    let n3: Heard;

    beforeEach(async () => {
      network = await open();
      const join = async (nodeId: string): Promise<Heard> => {
        const self = memberId(nodeId as NodeId, `i-${nodeId}` as InstanceId);
        return listening(await network.join(nodeId as NodeId, `i-${nodeId}` as InstanceId), self);
      };
      [n1, n2, n3] = [await join('n1'), await join('n2'), await join('n3')];
    });
    afterEach(() => network.close());

    const between = (from: Heard, to: Heard, body: MessageBody): Message => ({
      from: from.self,
      to: to.self,
      term: 5,
      ...body,
    });
    const heardBy = (node: Heard, count: number): Promise<void> =>
      until(
        () => node.batches.length >= count,
        () => `${node.self} heard ${node.batches.length} of ${count} batches`,
      );

    test('a batch arrives as it was sent, under the name of its sender', async () => {
      const batch = batchOf(
        EVERY_MESSAGE.map((body) => between(n1, n2, body)),
        [{ kind: 'ask', askId: 'n1/a/1', ask: { text: 'ä "\n' } }],
      );
      n1.transport.send(n2.self, batch);
      await heardBy(n2, 1);
      assert.deepEqual(n2.batches, [{ from: n1.self, batch }]);
    });

    test('a batch of notes alone arrives', async () => {
      n1.transport.send(n2.self, batchOf([], [{ note: 1 }]));
      await heardBy(n2, 1);
      assert.deepEqual(n2.batches[0]?.batch, batchOf([], [{ note: 1 }]));
    });

    test('pieces of a snapshot arrive byte for byte, and what stood beside them as well', async () => {
      const data = new Uint8Array(CHUNK_BYTES);
      for (let at = 0; at < CHUNK_BYTES; at += EVERY_BYTE.length) data.set(EVERY_BYTE, at);
      const head = { snapshotId: 's', index: 8, term: 2, configuration, bytes: 2 * CHUNK_BYTES };
      const chunks = [0, CHUNK_BYTES].map((offset) =>
        between(n1, n2, { type: 'snapshot-chunk', head, offset, data, checksum: 77 }),
      );
      const appended = between(n1, n2, { type: 'appended', matchIndex: 4 });
      n1.transport.send(n2.self, batchOf([...chunks, appended], ['a note']));
      const raft = (): readonly Message[] => n2.batches.flatMap(({ batch }) => batch.raft);
      await until(
        () => raft().length === 3,
        () => `${raft().length} of 3 messages`,
      );
      const received = raft().filter((message) => message.type === 'snapshot-chunk');
      assert.deepEqual(
        received.map((message) => ({ ...message, data: Uint8Array.from(message.data) })),
        chunks,
      );
      assert.ok(raft().some((message) => message.type === 'appended'));
      assert.deepEqual(
        n2.batches.flatMap(({ batch }) => batch.notes),
        ['a note'],
      );
    });

    test('between two nodes the order holds', async () => {
      for (let round = 1; round <= 500; round += 1) {
        const heartbeat = between(n1, n2, { type: 'heartbeat', round, commitIndex: 0, lastIndex: 0, logLost: false });
        n1.transport.send(n2.self, batchOf([heartbeat]));
      }
      await heardBy(n2, 500);
      const rounds = n2.batches.map(({ batch: { raft } }) => (raft[0]?.type === 'heartbeat' ? raft[0].round : 0));
      assert.deepEqual(
        rounds,
        Array.from({ length: 500 }, (_, at) => at + 1),
      );
    });

    test('each hears what is said to it, and nothing else', async () => {
      n1.transport.send(n2.self, batchOf([], ['for n2']));
      n3.transport.send(n2.self, batchOf([], ['for n2 too']));
      n1.transport.send(n3.self, batchOf([], ['for n3']));
      await Promise.all([heardBy(n2, 2), heardBy(n3, 1)]);
      assert.deepEqual(
        [n1, n2, n3].map(({ batches }) => batches.map(({ from, batch }) => [from, batch.notes[0]]).sort()),
        [
          [],
          [
            [n1.self, 'for n2'],
            [n3.self, 'for n2 too'],
          ],
          [[n1.self, 'for n3']],
        ],
      );
    });

    test('who calls out is heard by everyone but itself', async () => {
      const hail: Hail = {
        state: 'empty',
        nodeId: 'n1' as NodeId,
        instance: 'i-n1' as InstanceId,
        sees: {},
        wants: 'found',
      };
      n1.transport.hail(hail);
      await until(
        () => n2.hails.length === 1 && n3.hails.length === 1,
        () => `${n2.hails.length}, ${n3.hails.length}`,
      );
      assert.deepEqual([n1.hails, n2.hails, n3.hails], [[], [hail], [hail]]);
    });

    test('what becomes of a batch after it was sent does not change what was sent', async () => {
      const notes = [{ text: 'as it was' }];
      n1.transport.send(n2.self, batchOf([], notes));
      (notes[0] as { text: string }).text = 'changed';
      await heardBy(n2, 1);
      assert.deepEqual(n2.batches[0]?.batch.notes, [{ text: 'as it was' }]);
    });

    test('handing over ends, and then nothing waits', async () => {
      n1.transport.send(n2.self, batchOf([], ['now']));
      await n1.transport.handedOver();
      assert.equal(n1.transport.handedOver(), null);
      await heardBy(n2, 1);
    });

    test('another listener takes the place of the one before', async () => {
      const later = listening(n2.transport, n2.self);
      n1.transport.send(n2.self, batchOf([], ['later']));
      await heardBy(later, 1);
      assert.equal(n2.batches.length, 0);
    });

    test('after its end a node hears nothing and says nothing, and nobody minds', async () => {
      await n2.transport.close();
      n1.transport.send(n2.self, batchOf([], ['to nobody']));
      n2.transport.send(n1.self, batchOf([], ['from nobody']));
      n1.transport.send(n3.self, batchOf([], ['last']));
      await heardBy(n3, 1);
      assert.deepEqual([n1.batches.length, n2.batches.length], [0, 0]);
    });
  });
}
