import type { Message, MessageBody, MessageOf, MessageType } from '../../../src/raft/messages.ts';
import type { Effect, Proposal } from '../../../src/raft/ports.ts';
import type { Entry, MemberId } from '../../../src/raft/types.ts';
import { type Cluster, diskWrites, feed, nodeNamed } from './cluster.ts';
import { memberOf, start, type TestNode } from './node.ts';

/** For tests of one node: what it is told, by members that the test speaks for, and what it says to that. */

/** What a node says is taken off the network: the test answers in the others' place. */
export function take(cluster: Cluster, name: string): Message[] {
  const from = nodeNamed(cluster, name).id;
  const said = cluster.inFlight.filter((message) => message.from === from);
  cluster.inFlight = cluster.inFlight.filter((message) => message.from !== from);
  return said;
}

/** Tells a node something in another's name; returns what it says once its disk has written. */
export function tell(
  cluster: Cluster,
  to: string,
  from: string | MemberId,
  term: number,
  body: MessageBody,
): Message[] {
  const node = nodeNamed(cluster, to);
  tellOnly(cluster, node, from, term, body);
  while (!node.diskStalls && diskWrites(cluster, node));
  return take(cluster, to);
}

/** The same, as the effects of the one step. */
export function tellOnly(
  cluster: Cluster,
  node: TestNode,
  from: string | MemberId,
  term: number,
  body: MessageBody,
): readonly Effect[] {
  const sender = from.includes('/') ? (from as MemberId) : memberOf(from);
  return feed(cluster, node, { type: 'receive', messages: [{ from: sender, to: node.id, term, ...body }] });
}

export const ofType = <T extends MessageType>(messages: readonly Message[], type: T): MessageOf<T>[] =>
  messages.filter((message): message is MessageOf<T> => message.type === type);

/** A log by the terms of its entries, as the figures of the paper draw it. */
const entriesOf = (terms: readonly number[], fromIndex = 1): Entry[] =>
  terms.map((term, at) => ({ index: fromIndex + at, term, kind: 'events', data: `${term}.${fromIndex + at}` }));

/** Starts a node anew with this log on its disk. */
export function restartWith(
  cluster: Cluster,
  name: string,
  terms: readonly number[],
  term = terms.at(-1) ?? 0,
  votedFor: MemberId | null = null,
): TestNode {
  const node = nodeNamed(cluster, name);
  node.disk.entries = entriesOf(terms);
  node.disk.hardState = { term, votedFor };
  start(node);
  return node;
}

export const termsOf = (node: TestNode): number[] => node.disk.entries.map(({ term }) => term);

let asked = 0;
export const proposals = (...data: readonly string[]): { type: 'propose'; proposals: Proposal[] } => ({
  type: 'propose',
  proposals: data.map((one) => ({ proposalId: ++asked, kind: 'events', data: one })),
});

export const append = (
  prevIndex: number,
  prevTerm: number,
  terms: readonly number[],
  commitIndex = 0,
): Extract<MessageBody, { readonly type: 'append' }> => ({
  type: 'append',
  prevIndex,
  prevTerm,
  entries: entriesOf(terms, prevIndex + 1),
  commitIndex,
});

export const heartbeat = (round: number, commitIndex = 0, lastIndex = commitIndex, logLost = false): MessageBody => ({
  type: 'heartbeat',
  round,
  commitIndex,
  lastIndex,
  logLost,
});

export const requestVote = (lastIndex = 0, lastTerm = 0, transfer = false): MessageBody => ({
  type: 'vote',
  lastIndex,
  lastTerm,
  transfer,
});

export const preVote = (forTerm: number, lastIndex = 0, lastTerm = 0): MessageBody => ({
  type: 'pre-vote',
  forTerm,
  lastIndex,
  lastTerm,
});
