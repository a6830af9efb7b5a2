import { unreachable } from '../../../src/invariant.ts';
import type { Message, SnapshotHead } from '../../../src/raft/messages.ts';
import type { Effect } from '../../../src/raft/ports.ts';
import type { Configuration, Entry, Member } from '../../../src/raft/types.ts';
import type { Happening } from './cluster.ts';

/** What happened, in the paper's words. `5@2` is entry 5 of term 2. */

/** A member by its node's name; a later instance of a node, after its disk was wiped, is told apart. */
export function nameOf(member: string | null): string {
  if (member === null) return 'nobody';
  return member.replace(/\/i1$/, '');
}

export function happeningInWords(happening: Happening): string | null {
  if (happening.kind === 'effect') {
    const words = effectInWords(happening.effect);
    return words === null ? null : `${happening.node} ${words}`;
  }
  const { from, to } = happening.message;
  const lost = happening.kind === 'lost' ? 'lost: ' : '';
  return `${lost}${nameOf(from)} → ${nameOf(to)}  ${messageInWords(happening.message)}`;
}

const LONG = 40;
const at = (index: number, term: number): string => `${index}@${term}`;

function entryInWords({ index, term, kind, data }: Entry): string {
  if (kind === 'events') return `${at(index, term)} ${data.length > LONG ? `${data.length} bytes` : data}`;
  if (kind === 'configuration') return `${at(index, term)} ${configurationInWords(JSON.parse(data) as Configuration)}`;
  return at(index, term);
}

const entriesInWords = (entries: readonly Entry[]): string => `[${entries.map(entryInWords).join(', ')}]`;

const memberInWords = ({ nodeId, instance, kind }: Member): string =>
  `${kind === 'voter' ? '' : `${kind} `}${nameOf(`${nodeId}/${instance}`)}`;

export function configurationInWords({ members, outgoing, featureLevel }: Configuration): string {
  const incoming = members.map(memberInWords).join(' ');
  const leaving = outgoing === undefined ? '' : ` leaving {${outgoing.map(memberInWords).join(' ')}}`;
  return `{${incoming}}${leaving}${featureLevel === undefined ? '' : ` level ${featureLevel}`}`;
}

const headInWords = ({ snapshotId, index, term }: SnapshotHead): string => `${snapshotId} through ${at(index, term)}`;

function messageInWords(message: Message): string {
  const { term } = message;
  const given = (granted: boolean) => (granted ? 'granted' : 'refused');
  switch (message.type) {
    case 'pre-vote':
      return `PreVote for term ${message.forTerm}? my log ends at ${at(message.lastIndex, message.lastTerm)}`;
    case 'pre-vote-answer':
      return `PreVote for term ${message.forTerm} ${given(message.granted)}, I am in term ${term}`;
    case 'vote':
      return `RequestVote term ${term}, my log ends at ${at(message.lastIndex, message.lastTerm)}${message.transfer ? ', the leader asked me to' : ''}`;
    case 'vote-answer':
      return `RequestVote ${given(message.granted)}, term ${term}`;
    case 'append':
      return `AppendEntries term ${term}, after ${at(message.prevIndex, message.prevTerm)}: ${entriesInWords(message.entries)}, commit ${message.commitIndex}`;
    case 'appended':
      return `AppendEntries done, matches through ${message.matchIndex}, term ${term}`;
    case 'append-refused':
      if (message.prevIndex === 0) return `refused: the term is ${term}`;
      return `AppendEntries refused after ${message.prevIndex}, term ${term}; may match at ${at(message.hintIndex, message.hintTerm)}`;
    case 'heartbeat':
      return `heartbeat ${message.round}, term ${term}, commit ${message.commitIndex}${message.logLost ? `; your log lost something: whole is ${message.lastIndex}` : ''}`;
    case 'heartbeat-answer':
      return `heartbeat ${message.round} heard, term ${term}, log on disk ends at ${message.durableIndex}${message.recovering ? ', recovering' : ''}`;
    case 'snapshot-chunk':
      return `InstallSnapshot term ${term}, ${headInWords(message.head)}, bytes ${message.offset} to ${message.offset + message.data.length} of ${message.head.bytes}`;
    case 'snapshot-received':
      return `InstallSnapshot ${message.snapshotId}: I have ${message.offset} bytes${message.refused === true ? ', for the whole did not add up' : ''}`;
    case 'timeout-now':
      return `TimeoutNow term ${term}`;
    case 'read-index':
      return `ReadIndex for ${message.readIds.join(', ')}?`;
    case 'read-index-answer':
      return `ReadIndex for ${message.readIds.join(', ')}: ${message.index ?? 'not from me'}`;
    default:
      return unreachable(message);
  }
}

/** Null for what a reader need not see. */
export function effectInWords(effect: Effect): string | null {
  switch (effect.type) {
    case 'send':
    case 'read-snapshot':
      return null;
    case 'persist': {
      const { hardState, entries } = effect;
      const state = hardState === undefined ? [] : [`term ${hardState.term}, vote ${nameOf(hardState.votedFor)}`];
      return `writes ${[...state, ...(entries.length > 0 ? [entriesInWords(entries)] : [])].join(', ')}`;
    }
    case 'accepted':
      return `appends proposal ${effect.at.map(({ proposalId, index }) => `${proposalId} as ${at(index, effect.term)}`).join(', ')}`;
    case 'refused':
      return `refuses proposal ${effect.proposalIds.join(', ')}; leader: ${nameOf(effect.leader)}`;
    case 'committed':
      return `commits through ${effect.index}`;
    case 'read-ready':
      return `may answer read ${effect.readIds.join(', ')} once ${effect.index} is applied`;
    case 'read-refused':
      return `refuses read ${effect.readIds.join(', ')}; leader: ${nameOf(effect.leader)}`;
    case 'role-changed':
      return `is ${effect.role} in term ${effect.term}${effect.leader === null || effect.role === 'leader' ? '' : `, led by ${nameOf(effect.leader)}`}`;
    case 'configuration-changed':
      return `uses ${configurationInWords(effect.placed.configuration)} of entry ${effect.placed.index}`;
    case 'change-settled':
      return `change ${effect.changeId}: ${outcomeInWords(effect.outcome)}`;
    case 'transfer-settled':
      return `transfer ${effect.transferId}: ${outcomeInWords(effect.outcome)}`;
    case 'make-snapshot':
      return 'makes a snapshot';
    case 'write-snapshot':
      return `writes bytes ${effect.offset} to ${effect.offset + effect.data.length} of snapshot ${effect.head.snapshotId}`;
    case 'install-snapshot':
      return `installs snapshot ${headInWords(effect.head)}`;
    case 'dropped':
      return `drops a message of ${nameOf(effect.from)}: ${effect.cause}`;
    default:
      return unreachable(effect);
  }
}

const outcomeInWords = (outcome: { readonly kind: string; readonly reason?: string }): string =>
  outcome.reason === undefined ? outcome.kind : `${outcome.kind}: ${outcome.reason}`;
