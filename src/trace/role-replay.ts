import { type RaftRoleContext, type RaftRoleEvent, raftRoleMachine } from '../../machines/raft-role.ts';
import { moveRole, roleAt } from '../raft/role.ts';
import type { RoleSeen, StepLine } from './format.ts';
import { roleSeen } from './step-line.ts';

/** Runs the role machine over what a line says it was sent: the very machine, so that a picture of a move is the move. */

export interface RoleStep {
  readonly event: RaftRoleEvent;
  readonly from: RoleSeen;
  readonly to: RoleSeen;
  readonly actions: readonly string[];
  /** Why the machine did nothing with it. Null where it did. */
  readonly refused: string | null;
}

export function replayRole(line: Pick<StepLine, 'before' | 'moves'>): readonly RoleStep[] {
  const { before, moves = [] } = line;
  if (before === undefined) return [];
  let at = roleAt(before.role, contextOf(before));
  return moves.map((event) => {
    const from = roleSeen(at);
    const { snapshot, actions } = moveRole(at, event);
    const refused = whyNotTaken(from, event);
    at = snapshot;
    return { event, from, to: roleSeen(at), actions: actions.map(({ type }) => type), refused };
  });
}

/** A machine that was changed since the line was written may end elsewhere; then its moves are not to be believed. */
export function agrees(line: StepLine): boolean {
  const last = replayRole(line).at(-1)?.to;
  if (last === undefined) return true;
  return last.role === line.role && last.term === line.term && last.vote === line.vote && last.leader === line.leader;
}

const contextOf = ({ self, term, vote, leader }: NonNullable<StepLine['before']>): RaftRoleContext => ({
  self,
  term,
  votedFor: vote,
  leader,
});

/** In words, from the machine itself: the state has no such event, or its guard says no. */
export function whyNotTaken(from: RoleSeen, event: RaftRoleEvent): string | null {
  const { states, transitions } = raftRoleMachine.root;
  const found = states[from.role]?.transitions.get(event.type) ?? transitions.get(event.type);
  if (found === undefined || found.length === 0)
    return `${from.role} takes no ${event.type}: ${takers(event.type)} would`;
  for (const { guard } of found) {
    const name = typeof guard === 'string' ? guard : null;
    const said = name === null ? null : GUARDS[name]?.(from, event);
    if (said === null || said === undefined) return null;
    if (said !== '') return `${name} said no: ${said}`;
  }
  return null;
}

function takers(type: string): string {
  const names = Object.values(raftRoleMachine.root.states)
    .filter((state) => state.transitions.has(type))
    .map(({ key }) => key);
  return names.length === 0 ? 'no role' : names.join(', ');
}

/** What each guard found. Empty: it holds. A test holds these words to the guards of the machine. */
export const GUARDS: Readonly<Record<string, (from: RoleSeen, event: RaftRoleEvent) => string>> = {
  isHigherTerm: ({ term }, event) =>
    event.type === 'HIGHER_TERM' && event.term > term
      ? ''
      : `the term is ${term} already, and ${event.type === 'HIGHER_TERM' ? event.term : 'none'} is not higher`,
  isVoteFree: ({ term, vote }, event) =>
    event.type === 'VOTE_GRANTED' && (vote === null || vote === event.candidate)
      ? ''
      : `the vote of term ${term} went to ${vote ?? 'nobody'}, and there is one a term`,
};
