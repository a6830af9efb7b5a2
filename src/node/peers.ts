import type { Message } from '../raft/messages.ts';
import type { Input } from '../raft/ports.ts';
import type { MemberId } from '../raft/types.ts';
import type { PeerBatch, Transport } from '../transport/transport.ts';
import { batchesOf, type MeasuredNote } from './batches.ts';
import type { ClusterTime } from './cluster-time.ts';
import { Hearing } from './hearing.ts';
import { NOTES_WAITING_BYTES_MAX, NOTES_WAITING_MAX } from './limits.ts';
import { type PeerNote, readNote } from './peer-notes.ts';

/** This node's end of the transport: everything that a turn has for a peer, in as few batches as hold it. */
export interface PeersOptions {
  readonly transport: Transport;
  readonly clock: ClusterTime;
  readonly take: (input: Input) => void;
  readonly noted: (from: MemberId, note: PeerNote) => void;
  readonly hailed: (said: unknown) => void;
  /** What cannot be understood is dropped and counted. */
  readonly dropped: (from: MemberId, cause: string) => void;
}

export class Peers {
  readonly #options: PeersOptions;
  readonly #notes = new Map<MemberId, { readonly waiting: MeasuredNote[]; bytes: number }>();
  /** The latest word of how far is committed, for a peer to which nothing else was to be said. */
  readonly #news = new Map<MemberId, CommitNews>();
  #flushing = false;
  #tellingNews = false;
  readonly hearing: Hearing;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { transport, take } = options;
    this.hearing = new Hearing(options);
    transport.listen({
      received: (from, batch) => this.#received(from, batch),
      unreachable: (peer) => take({ type: 'unreachable', peer }),
      hailed: (said) => options.hailed(said),
    });
  }

  /**
   * At once: before the disk is written. How far is committed is told a little later: the answers that a commit brings are written first, and
   * what comes in the meantime carries it along. Of what a createTask costs, that word by itself was a sixth, on three nodes and the server.
   */
  sendRaft(messages: readonly Message[]): void {
    const byPeer = new Map<MemberId, Message[]>();
    for (const message of messages) {
      if (isNews(message)) {
        this.#news.set(message.to, message);
        this.#tellNews();
        continue;
      }
      const own = byPeer.get(message.to);
      if (own === undefined) byPeer.set(message.to, [message]);
      else own.push(message);
    }
    for (const [to, raft] of byPeer) this.#send(to, raft);
  }

  /** With the next batch, or at the latest a turn from now. */
  sendNote(to: MemberId, note: MeasuredNote): void {
    const notes = this.#notes.get(to) ?? { waiting: [], bytes: 0 };
    // Whoever asked asks again (I2).
    if (notes.waiting.length >= NOTES_WAITING_MAX || notes.bytes + note.bytes > NOTES_WAITING_BYTES_MAX) return;
    notes.waiting.push(note);
    notes.bytes += note.bytes;
    this.#notes.set(to, notes);
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.clock.nextTurn(() => {
      this.#flushing = false;
      for (const peer of [...this.#notes.keys()]) this.#send(peer, []);
    });
  }

  #tellNews(): void {
    if (this.#tellingNews) return;
    this.#tellingNews = true;
    const { clock } = this.#options;
    // After the next turn: what has arrived by then is gathered in it.
    clock.nextTurn(() =>
      clock.nextTurn(() => {
        this.#tellingNews = false;
        for (const peer of [...this.#news.keys()]) this.#send(peer, []);
      }),
    );
  }

  #send(to: MemberId, others: readonly Message[]): void {
    const { transport, clock, dropped } = this.#options;
    const news = this.#news.get(to);
    this.#news.delete(to);
    const raft = news === undefined || others.some((other) => carries(other, news)) ? others : [news, ...others];
    const notes = this.#notes.get(to)?.waiting ?? [];
    this.#notes.delete(to);
    for (const batch of batchesOf(raft, notes, () => dropped(to, 'a note to it that fits no message'))) {
      transport.send(to, { ...batch, clockMs: clock.ownMs(), clusterMs: clock.nowMs() });
    }
  }

  #received(from: MemberId, { raft, notes, clockMs, clusterMs }: PeerBatch): void {
    const { clock, take, noted, dropped } = this.#options;
    this.hearing.heard(from);
    if (!clock.heard(from, clockMs, raft.some(isOfLeader) ? clusterMs : null))
      dropped(from, 'a time that no clock shows');
    if (raft.length > 0) take({ type: 'receive', messages: raft });
    for (const note of notes) {
      const read = readNote(note);
      if (read === null) dropped(from, 'a note that is none');
      else noted(from, read);
    }
  }
}

type CommitNews = Extract<Message, { readonly type: 'append' }>;
const isNews = (message: Message): message is CommitNews => message.type === 'append' && message.quiet === true;
const carries = (other: Message, { term, commitIndex }: CommitNews): boolean =>
  other.type === 'append' && other.term >= term && other.commitIndex >= commitIndex;

/** One that was started again leads no more, and those that followed it may not know yet: it is a leader only as long as it acts as one. */
const isOfLeader = ({ type }: Message): boolean => type === 'append' || type === 'heartbeat';
