import assert from 'node:assert/strict';
import type { Message } from '../../../src/raft/messages.ts';
import { roleOf } from '../../../src/raft/role.ts';
import { entryAt } from './disk.ts';
import type { TestNode } from './node.ts';

/** The properties of paper Figure 3, looked at after every step of every node, by means of their own. */
export interface Safety {
  /** Leader of each term. */
  readonly leaders: Map<number, string>;
  /** Vote of each member in each term. */
  readonly votes: Map<string, string>;
  /** What was committed at each index, whoever said so first. */
  readonly committed: Map<number, string>;
  readonly highest: Map<string, { term: number; commitIndex: number }>;
}

export const createSafety = (): Safety => ({
  leaders: new Map(),
  votes: new Map(),
  committed: new Map(),
  highest: new Map(),
});

export function checkSafety(safety: Safety, node: TestNode): void {
  const { core } = node;
  if (core === null) return;
  const { term } = core.role.context;
  if (roleOf(core.role) === 'leader') {
    assert.equal(safety.leaders.get(term) ?? node.id, node.id, `Election Safety: two leaders in term ${term}`);
    safety.leaders.set(term, node.id);
  }
  // A restart may go back to what the disk holds; a running node never does.
  const life = `${node.id} ${node.starts}`;
  const { term: highestTerm, commitIndex } = safety.highest.get(life) ?? { term: 0, commitIndex: 0 };
  assert.ok(term >= highestTerm, `${node.name}: term went back from ${highestTerm} to ${term}`);
  assert.ok(
    core.commitIndex >= commitIndex,
    `${node.name}: commit went back from ${commitIndex} to ${core.commitIndex}`,
  );
  safety.highest.set(life, { term, commitIndex: core.commitIndex });
}

/** One vote a term, across restarts: what counts is what leaves the node. */
export function checkVote(safety: Safety, message: Message): void {
  if (message.type !== 'vote' && !(message.type === 'vote-answer' && message.granted)) return;
  const votedFor = message.type === 'vote' ? message.from : message.to;
  const vote = `${message.from} in term ${message.term}`;
  assert.equal(safety.votes.get(vote) ?? votedFor, votedFor, `${vote} votes twice`);
  safety.votes.set(vote, votedFor);
}

/** State Machine Safety, Leader Completeness: nobody ever applies anything else at an index. */
export function checkCommitted(safety: Safety, node: TestNode, fromIndex: number, toIndex: number): void {
  for (let index = fromIndex; index <= toIndex; index += 1) {
    const entry = entryAt(node.disk, index);
    assert.ok(entry !== undefined, `${node.name} may apply ${index}, which is not on its disk`);
    const what = JSON.stringify(entry);
    assert.equal(what, safety.committed.get(index) ?? what, `${node.name} applies another entry ${index}`);
    safety.committed.set(index, what);
  }
}
