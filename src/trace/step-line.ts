import type { RaftRoleContext, RaftRoleEvent } from '../../machines/raft-role.ts';
import type { RaftCore } from '../raft/core.ts';
import type { Message } from '../raft/messages.ts';
import type { Effect, Input } from '../raft/ports.ts';
import { type RoleSnapshot, roleOf } from '../raft/role.ts';
import type { Entry, LogIndex, MemberId } from '../raft/types.ts';
import type { EntrySeen, MessageSeen, PairRefused, PeerSeen, RoleSeen, StepLine } from './format.ts';

/** Makes a line of what one step was told and answered. It keeps no message and no bytes of a snapshot: of what is large, only entries. */

export interface StepSeen {
  readonly line: number;
  readonly atMs: number;
  readonly node: string;
  readonly core: RaftCore;
  readonly applied: LogIndex;
  readonly before: RoleSnapshot;
  readonly moves: readonly RaftRoleEvent[];
  readonly inputs: readonly Input[];
  readonly effects: readonly Effect[];
  readonly refused: readonly PairRefused[];
}

/** Time that passed and changed nothing: a line of it would push out one that says something. */
export const saysNothing = ({ moves, inputs, effects, refused }: StepSeen): boolean =>
  effects.length === 0 &&
  moves.length === 0 &&
  refused.length === 0 &&
  inputs.every(({ type }) => type === 'tick' || type === 'now');

export function stepLine(seen: StepSeen): StepLine {
  const { core, moves, refused } = seen;
  const parts: Parts = { got: [], sent: [], wrote: [], also: [] };
  for (const input of seen.inputs) take(parts, input);
  for (const effect of seen.effects) answer(parts, effect);
  const { got, sent, wrote, also } = parts;
  return {
    what: 'step',
    line: seen.line,
    atMs: seen.atMs,
    node: seen.node,
    ...roleSeen(core.role),
    last: core.log.lastIndex,
    commit: core.commitIndex,
    applied: seen.applied,
    ...(moves.length === 0 ? {} : { before: { self: core.self, ...roleSeen(seen.before) }, moves }),
    ...(got.length === 0 ? {} : { got }),
    ...(sent.length === 0 ? {} : { sent }),
    ...(wrote.length === 0 ? {} : { wrote }),
    ...(core.leading === null ? {} : { peers: peersSeen(core) }),
    ...(refused.length === 0 ? {} : { refused }),
    ...(also.length === 0 ? {} : { also }),
  };
}

interface Parts {
  readonly got: MessageSeen[];
  readonly sent: MessageSeen[];
  readonly wrote: EntrySeen[];
  readonly also: Readonly<Record<string, unknown>>[];
}

function take(parts: Parts, input: Input): void {
  switch (input.type) {
    case 'tick':
    case 'now':
      return;
    case 'receive':
      for (const message of input.messages) parts.got.push(messageSeen(message, message.from));
      return;
    case 'propose':
      parts.also.push({ type: 'propose', count: input.proposals.length });
      return;
    case 'snapshot-read': {
      const { piece, ...asked } = input;
      parts.also.push({ ...asked, bytes: piece?.data.byteLength ?? null });
      return;
    }
    case 'read':
      parts.also.push({ type: input.type, count: input.readIds.length });
      return;
    default:
      parts.also.push(input);
  }
}

function answer(parts: Parts, effect: Effect): void {
  switch (effect.type) {
    case 'send':
      for (const message of effect.messages) parts.sent.push(messageSeen(message, message.to));
      return;
    case 'persist':
      for (const entry of effect.entries) parts.wrote.push(entrySeen(entry));
      parts.also.push({
        type: 'persist',
        persistId: effect.persistId,
        ...(effect.hardState === undefined ? {} : { hardState: effect.hardState }),
      });
      return;
    case 'accepted':
      parts.also.push({ type: 'accepted', count: effect.at.length, index: effect.at.at(-1)?.index ?? null });
      return;
    case 'refused':
      parts.also.push({ type: effect.type, count: effect.proposalIds.length, leader: effect.leader });
      return;
    case 'read-ready':
      parts.also.push({ type: effect.type, count: effect.readIds.length, index: effect.index });
      return;
    case 'read-refused':
      parts.also.push({ type: effect.type, count: effect.readIds.length, leader: effect.leader });
      return;
    case 'write-snapshot': {
      const { data, ...rest } = effect;
      parts.also.push({ ...rest, bytes: data.byteLength });
      return;
    }
    default:
      parts.also.push(effect);
  }
}

const entrySeen = ({ index, term, kind, data }: Entry): EntrySeen => ({ index, term, kind, data });

const nodeOf = (member: string): string => {
  const slash = member.indexOf('/');
  return slash < 0 ? member : member.slice(0, slash);
};

function messageSeen(message: Message, other: MemberId): MessageSeen {
  return { kind: message.type, peer: nodeOf(other), term: message.term, says: saysOf(message) };
}

function saysOf(message: Message): Readonly<Record<string, unknown>> {
  switch (message.type) {
    case 'append': {
      const { prevIndex, prevTerm, entries, commitIndex } = message;
      return {
        prevIndex,
        prevTerm,
        entries: entries.length,
        lastIndex: entries.at(-1)?.index ?? prevIndex,
        commitIndex,
      };
    }
    case 'snapshot-chunk':
      return { index: message.head.index, offset: message.offset, bytes: message.data.byteLength };
    case 'read-index':
      return { reads: message.readIds.length };
    case 'read-index-answer':
      return { reads: message.readIds.length, index: message.index };
    default: {
      const { type: _type, from: _from, to: _to, term: _term, ...says } = message;
      return says;
    }
  }
}

export function roleSeen(role: RoleSnapshot): RoleSeen {
  const { term, votedFor, leader }: RaftRoleContext = role.context;
  return { role: roleOf(role), term, vote: votedFor, leader };
}

function peersSeen({ leading }: RaftCore): Readonly<Record<string, PeerSeen>> {
  const peers: Record<string, PeerSeen> = {};
  for (const [member, progress] of leading?.peers ?? []) {
    const { state, matchIndex, nextIndex, inFlight } = progress;
    peers[nodeOf(member)] = { state, match: matchIndex, next: nextIndex, inFlight: inFlight.length };
  }
  return peers;
}

const LINE_BYTES = 320;
const MESSAGE_BYTES = 160;

/** About what a line holds in memory and says as JSON. */
export function weightOf(line: StepLine): number {
  const { got = [], sent = [], also = [], moves = [], wrote = [] } = line;
  const parts = got.length + sent.length + also.length + moves.length;
  return wrote.reduce((sum, { data }) => sum + MESSAGE_BYTES + (data?.length ?? 0), LINE_BYTES + parts * MESSAGE_BYTES);
}
