import type { ControlErrorCode } from '../control/verb.ts';
import type { UnavailableReason } from '../node/api.ts';
import type { RefusalCode } from '../tasks/command.ts';

export interface CatalogueEntry {
  /** `code` of the original API's envelope. */
  readonly number: number;
  /** Of the full API. The original API answers 200, unless `wholeServer`. */
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  readonly remedy: string;
  /** Said before a route is looked at: the original API answers with this status too. */
  readonly wholeServer?: true;
}

/** Those that only operations of the cluster end with. */
type OperationErrorCode = Exclude<
  ControlErrorCode,
  RefusalCode | UnavailableReason | 'outcome_unknown' | 'validation_failed'
>;

/** The part of the error catalogue that operations of the cluster add. */
export const OPERATION_ERRORS: Readonly<Record<OperationErrorCode, CatalogueEntry>> = {
  member_not_found: {
    number: 1040,
    status: 404,
    title: 'There is no such member',
    meaning: 'No member of the cluster has this node id. Nothing was changed.',
    remedy: 'Look at `GET /v1/cluster/members`.',
  },
  would_lose_majority: {
    number: 1040,
    status: 409,
    title: 'The cluster would lose its majority',
    meaning: 'Of the voters that would be left, too few answer to agree on anything. Nothing was changed.',
    remedy: 'Bring voters back first; or say `accept_lost_majority`, and the cluster stands still until they are back.',
  },
  would_leave_no_sender: {
    number: 1040,
    status: 409,
    title: 'Nobody would be left to send',
    meaning: 'No other node that may send callbacks answers and is not drained. Nothing was changed.',
    remedy:
      'Bring another node back first, or undrain it; draining, say `accept_no_sender`, and all fires wait until there is one.',
  },
  feature_level_too_low: {
    number: 1040,
    status: 409,
    title: 'A member is too old for this',
    meaning: 'A member still runs a version that could not read what would be written. Nothing was changed.',
    remedy: 'Finish the upgrade of all members.',
  },
  operation_refused: {
    number: 1040,
    status: 409,
    title: 'The cluster does not take this operation now',
    meaning: 'The detail says why. Nothing was changed.',
    remedy: 'Look at `GET /v1/cluster`, and ask again when what stands in the way is over.',
  },
  other_node: {
    number: 1040,
    status: 409,
    title: 'This concerns another node',
    meaning: 'The operation is carried out by the node that it names, and this is not it. Nothing was done.',
    remedy: 'Ask the node that is named; the detail says where it is, if this one knows.',
  },
  live_restore_refused: {
    number: 1040,
    status: 409,
    title: 'A cluster that runs is not restored over',
    meaning: 'It would lose what it has promised since the backup was made. Nothing was done.',
    remedy: 'The detail says how a backup is restored.',
  },
  backup_refused: {
    number: 1040,
    status: 409,
    title: 'No backup was made',
    meaning: 'The detail says why.',
    remedy: 'Make room, and ask again.',
  },
  compaction_refused: {
    number: 1040,
    status: 409,
    title: 'The log was not made shorter',
    meaning: 'The state could not be copied; the detail says why.',
    remedy: 'Make room, and ask again.',
  },
};
