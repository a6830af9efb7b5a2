import { unreachable } from '../invariant.ts';
import type { RaftCore } from './core.ts';
import { READS_WAITING_MAX, TERM_JUMP_MAX } from './limits.ts';
import { isConfiguration, readConfiguration } from './membership.ts';
import type { Message, MessageOf } from './messages.ts';

/**
 * Whether a message can be, as far as this node can tell. What cannot is dropped and counted: a garbled or forged message stops no
 * node and changes nothing. Its shape was checked where it was decoded.
 */
export function whyImpossible(core: RaftCore, message: Message): string | null {
  if (message.to !== core.self) return 'addressed to another member';
  if (message.from === core.self) return 'from this member itself';
  if (!isCount(message.term)) return 'a term that is no count';
  if (isBeyondReach(core, message.term)) return 'a term that no elections led to';
  switch (message.type) {
    case 'append':
      return whyNoAppend(message);
    case 'appended':
      if (!isCount(message.matchIndex)) return 'an index that is no count';
      if (message.term === core.role.context.term && core.leading !== null && message.matchIndex > core.log.lastIndex) {
        return 'acknowledges more than was sent';
      }
      return null;
    case 'append-refused':
      return [message.prevIndex, message.lastIndex, message.hintIndex, message.hintTerm].every(isCount)
        ? null
        : 'an index that is no count';
    case 'heartbeat':
      if (![message.round, message.commitIndex, message.lastIndex].every(isCount)) return 'an index that is no count';
      return message.commitIndex > message.lastIndex ? 'commits past the end of its log' : null;
    case 'heartbeat-answer':
      if (![message.round, message.durableIndex, message.appliedIndex, message.featureLevel].every(isCount)) {
        return 'an index that is no count';
      }
      return message.term === core.role.context.term && message.round > core.round ? 'answers a round not asked' : null;
    case 'vote':
      return whyNoLogEnd(message, message.term);
    case 'pre-vote':
      return message.forTerm <= message.term ? 'a pre-vote for no later term' : whyNoLogEnd(message, message.forTerm);
    case 'snapshot-chunk':
      return whyNoChunk(message);
    case 'pre-vote-answer':
      return isCount(message.forTerm) ? null : 'a term that is no count';
    case 'snapshot-received':
      return isCount(message.offset) ? null : 'an offset that is no count';
    case 'read-index-answer':
      if (!areReads(message.readIds)) return 'reads that none can have asked for';
      return message.index === null || isCount(message.index) ? null : 'an index that is no count';
    case 'timeout-now':
      return whyNoLeader(core, message);
    case 'read-index':
      return areReads(message.readIds) ? null : 'reads that none can have asked for';
    case 'vote-answer':
      return null;
    default:
      return unreachable(message);
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Who joins knows nothing yet, and takes its cluster's term as it is. */
const isBeyondReach = ({ role, configuration }: RaftCore, term: number): boolean =>
  configuration.members.length > 0 && term > role.context.term + TERM_JUMP_MAX;

const areReads = (readIds: readonly number[]): boolean => readIds.length <= READS_WAITING_MAX && readIds.every(isCount);

/** A call to campaign is the leader's word (thesis §3.10); who leads the term is not always known yet. */
function whyNoLeader({ role }: RaftCore, { from, term }: MessageOf<'timeout-now'>): string | null {
  const { leader, term: known } = role.context;
  return term === known && leader !== null && leader !== from ? 'calls for an election, and does not lead' : null;
}

function whyNoLogEnd(message: { readonly lastIndex: number; readonly lastTerm: number }, term: number): string | null {
  if (!isCount(message.lastIndex) || !isCount(message.lastTerm)) return 'an index that is no count';
  return message.lastTerm > term ? 'a log of a later term than its own' : null;
}

function whyNoAppend(message: MessageOf<'append'>): string | null {
  const { prevIndex, prevTerm, entries, commitIndex, term } = message;
  if (![prevIndex, prevTerm, commitIndex].every(isCount)) return 'an index that is no count';
  let index = prevIndex;
  let entryTerm = prevTerm;
  for (const entry of entries) {
    index += 1;
    if (entry.index !== index) return 'entries that do not follow each other';
    if (!isCount(entry.term) || entry.term < entryTerm) return 'entries whose terms go back';
    entryTerm = entry.term;
    if (entry.kind === 'configuration' && readConfiguration(entry.data) === null) return 'a configuration that is none';
  }
  return entryTerm > term ? 'entries of a later term than its own' : null;
}

function whyNoChunk({ head, offset, data, term }: MessageOf<'snapshot-chunk'>): string | null {
  if (![head.index, head.term, head.bytes, offset].every(isCount)) return 'an index that is no count';
  if (!isConfiguration(head.configuration)) return 'a configuration that is none';
  if (head.term > term) return 'a snapshot of a later term than its own';
  return data.length === 0 || offset + data.length > head.bytes ? 'a piece outside its snapshot' : null;
}
