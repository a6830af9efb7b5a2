/** Every bound of the consensus core, in one place (I10). */

/** Data of one append message; with its frame it stays well below NATS' max_payload of 1 MiB. */
export const APPEND_BYTES_MAX = 256 * 1_024;
export const APPEND_ENTRIES_MAX = 1_024;
/** Sent to a peer and not acknowledged. */
export const IN_FLIGHT_MESSAGES_MAX = 64;
export const IN_FLIGHT_BYTES_MAX = 4 * 1_024 * 1_024;
/** Messages to one peer in one turn: a peer that catches up does not hold the loop. */
export const APPENDS_PER_TURN_MAX = 8;

/** Entries kept in memory behind the log's end for peers that are nearly current. */
export const RECENT_BYTES_MAX = 4 * 1_024 * 1_024;
export const RECENT_ENTRIES_MAX = 8_192;

export const SNAPSHOT_CHUNK_BYTES = 256 * 1_024;
export const SNAPSHOT_CHUNKS_IN_FLIGHT = 2;

/** Reads that wait for a round of heartbeats; more are refused. */
export const READS_WAITING_MAX = 20_000;
/** Messages held until the disk has what they promise. */
export const HELD_MESSAGES_MAX = 10_000;

/**
 * A message of a later term than this one's plus so much is dropped: terms count elections, and one every 400 ms for fifty years are fewer.
 * One message that is wrong, and yet well-formed and signed, must not use up all terms there are (2^53). Whoever can sign, and means to,
 * still can, with two million of them. No absolute bound would do: a term just below it would end all elections.
 */
export const TERM_JUMP_MAX = 2 ** 32;

export const VOTERS_MAX = 7;
export const MEMBERS_MAX = 64;

/** A learner that is closer than this to the leader's end has caught up. */
export const CAUGHT_UP_ENTRIES = 64;
/** A member that is about to end waits so many election timeouts before it campaigns. */
export const RETIRING_TIMEOUTS = 4;
/** Members that left are told that they did, for so many election timeouts. */
export const FAREWELL_TIMEOUTS = 4;
/** No answer in so many heartbeats: what is in flight is taken for lost, and sent again. */
export const RESEND_HEARTBEATS = 4;
/** A step so many heartbeats after the last one: this node stood still, and what was said meanwhile is yet to be read. */
export const DEAF_HEARTBEATS = 2.5;
/** Entries looked at for one refusal; a longer conflict takes another probe. */
export const CONFLICT_STEPS_MAX = 256;
/** After a snapshot could not be made. */
export const SNAPSHOT_RETRY_MS = 5_000;
/** A peer that is behind by no more than this is not made to take a snapshot. */
export const KEPT_FOR_PEERS_ENTRIES = 20_000;
/** A peer that was silent for longer is not waited for: it takes a snapshot when it comes back. */
export const SNAPSHOT_PEER_SILENT_MS = 60_000;
