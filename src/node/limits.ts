/** Every bound of the node's loop, in one place (I10). */

/** Decisions that wait for a turn, and their characters. More are refused as `overloaded`. */
export const PROPOSALS_WAITING_MAX = 20_000;
export const PROPOSALS_WAITING_CHARS_MAX = 64 * 1_024 * 1_024;
/**
 * One decision as it stands in the log: more is refused as `task_too_large`. What HTTP takes is never more: a body whose every byte has to be
 * escaped (2 × 128 KiB), 6 KiB of headers, and what else a task has.
 */
export const PAIR_CHARS_MAX = 292 * 1_024;
/** One entry holds at most this many pairs and about this many bytes, so that it fits a message between peers. */
export const ENTRY_PAIRS_MAX = 1_024;
export const ENTRY_BYTES_MAX = 256 * 1_024;
/** One turn appends at most this much; the rest waits for the next, so that no turn holds the loop for 50 ms. */
export const TURN_PAIRS_MAX = 2_048;
export const TURN_BYTES_MAX = 2 * 1_024 * 1_024;
/** Replay and apply give the loop back after this long. */
export const APPLY_SLICE_MS = 10;
/** Read from the log at once while replaying. */
export const REPLAY_READ_BYTES = 1_024 * 1_024;
/**
 * What is looked at ahead when an entry has to wait for the state's worker: its needs are loaded along. So many rows take the worker 15 ms, and
 * are no more than the cache holds; so much text is decoded in 3 ms.
 */
export const APPLY_AHEAD_ENTRIES_MAX = 512;
export const APPLY_AHEAD_CHARS_MAX = 256 * 1_024;
export const APPLY_AHEAD_REFS_MAX = 256;
/** Two are a heartbeat, even where each comes a millisecond early: with 50 ms heartbeats left every 100. */
export const TICK_MS = 41;
export const ELECTION_TIMEOUT_MIN_MS = 400;
export const ELECTION_TIMEOUT_MAX_MS = 800;

export const HEARTBEAT_MS = 80;
/** So long is waited for a word of a node that was added, before the answer says that there was none; and how often it is looked for. */
export const ADDED_HEARD_MAX_MS = 2_000;
export const ADDED_HEARD_LOOK_MS = 50;
/** An operation waits so long for what all members can read, and looks so often. */
export const LEVEL_KNOWN_MAX_MS = 1_000;
export const LEVEL_KNOWN_LOOK_MS = 20;
/** How often an empty node calls out for its cluster. */
export const HAIL_EVERY_MS = 500;
/** Of members that answered a call, the last ones: more voters and workers than one list names. */
export const GREETINGS_KEPT = 64;
/** A node that was silent for this long is lost: what it holds is settled, and it is given nothing more. */
export const NODE_LOST_MS = 500;
/** A node that applied what it has longer ago than this, or takes a snapshot, is given no claims: it would find them late. */
export const CLAIM_LAG_MS_MAX = 1_000;
export const LAG_SAMPLE_MS = 50;
/** How often members tell how they are, and for how long that is believed. */
export const SIGHTINGS_EVERY_MS = 1_000;
export const SIGHTING_KNOWN_MS = 3_000;
export const HTTP_URL_CHARS_MAX = 512;
/** How often a leader looks for claims whose holder is lost. */
export const PLAN_B_LOOK_MS = 100;
/** What a clock can show: task ids end in 2095. */
export const CLOCK_MS_MAX = Date.UTC(2095, 0, 1);
/** A peer's clock that was not heard for this long is not counted. */
export const CLOCK_KNOWN_MS = 2_000;
/** A sender sends on the strength of a confirmed read for this long from when it asked; it asks again well before. */
export const SEND_LEASE_MS = 3_000;
export const SEND_LEASE_RENEW_MS = 1_000;
/** Clocks run at different speeds: a leader waits a tenth longer than a lease lasts. */
export const SEND_LEASE_OVER_MS = SEND_LEASE_MS * 1.1;

/** How far ahead due things are brought into memory, how many at a time, and how many at most. */
export const DUE_AHEAD_MS = 10_000;
export const DUE_PAGE = 1_000;
export const DUE_WINDOW_MAX = 20_000;
/** Looked at in one turn: giving 512 claims to the sender at once took up to 65 ms. */
export const CLAIM_BATCH = 128;
/** Due times of one task taken in one entry while it catches up. */
export const CATCH_UP_MAX = 16;
/** Claims of this node that are not settled: what is being sent and a little more, so that the sender never idles. */
export const CLAIMS_IN_HAND_MAX = 1_024;
/** A claim is made this long ahead of its time at most: longer than its lease, nobody sends it without hearing of a leader. */
export const LOOK_AHEAD_MAX_MS = 3_000;
/** Claims are made ahead only for a node that has fewer than this in hand: the other half is for what is due. */
export const CLAIMS_AHEAD_MAX = CLAIMS_IN_HAND_MAX / 2;
/** The first part of each second, in which the callbacks of that second are sent and no claims are made ahead. */
export const BEAT_MS = 250;
/** The last part of each second: 500 claims take some 140 ms, and whoever begins with them now is still at it when the callbacks leave. */
export const UPBEAT_MS = 150;
/** A look-ahead that is shorter has no time to lose, and does not wait for the beat to pass. */
export const AHEAD_MS_MIN_OFF_BEAT = 1_000;
/** What came of an attempt while callbacks that are due waited for a place is told this long after they were first found waiting. */
export const OUTCOMES_HELD_MS = 50;
/** A node that ends waits this long for a leader to take what it gives back. */
export const GIVE_BACK_MAX_MS = 1_000;
/** Held by a node until they are due. A leader gives it fewer; more is a bug (I10). */
export const CLAIMS_HELD_MAX = 2 * CLAIMS_AHEAD_MAX;
/** Open attempts of one target (scheme, host and port). */
export const TARGET_CLAIMS_MAX = 64;
/** Due things parked under one busy target; beyond, they stay on disk until it has room. */
export const TARGET_PARKED_MAX = 10_000;
/** The longest sleep between two looks at the due index: a clock that jumps is noticed after this. */
export const DUE_LOOK_MS = 500;

/** A decision whose precondition failed is taken again on newer state, this often. */
export const DECISIONS_MAX = 8;
/** A write whose outcome is not known by then is answered as unknown; sooner, while nobody leads who could tell. */
export const SUBMIT_DEADLINE_MS = 10_000;
/** Without a leader, a write waits this long: then one that nobody has seen is answered as unavailable, any other as unknown. */
export const NO_LEADER_WAIT_MS = 3_000;
/** A question to the leader that is not answered is asked again after this. */
export const ASK_AGAIN_MS = 500;
/** What became of an attempt is reported again after this, until the state says that it is over. */
export const REPORT_AGAIN_MS = 500;
/** Questions of a node to its leader that wait for an answer, and those that a leader works on; and what they weigh (batches.ts). */
export const ASKS_MAX = 20_000;
export const ASKS_BYTES_MAX = 128 * 1_024 * 1_024;
/** A leader remembers so long, and so many, of the questions that it refused: a copy of one is late by less. */
export const REFUSALS_KEPT_MS = 60_000;
export const REFUSALS_MAX = 10_000;
/** Notes for one peer that wait for the turn's end. */
export const NOTES_WAITING_MAX = 10_000;
export const NOTES_WAITING_BYTES_MAX = 32 * 1_024 * 1_024;
/** A read that a leader confirmed and that this node does not catch up with. */
export const READ_DEADLINE_MS = 5_000;
export const SETTLE_BATCH = 256;
export const HOUSEKEEPING_EVERY_MS = 5_000;
export const RETENTION_BATCH = 100;
/** How long a leader that is to end tries to hand over before it goes on with that, and how soon it tries again. */
export const HANDOVER_MAX_MS = 2_000;
export const HANDOVER_AGAIN_MS = 100;
/** How often a node says that it is about to end, and how soon it is heard, in all likelihood. */
export const RETIRING_SAID_EVERY_MS = 500;
export const RETIRING_HEARD_MS = 20;
/** How long it waits for its leader to have heard that, and for what was claimed for it before. */
export const RETIRING_HEARD_MAX_MS = 1_000;
/** How long an orderly stop waits for callbacks in flight. */
export const DRAIN_MAX_MS = 35_000;

/** The log is compacted when it is larger than this, and than half of the state (a copy costs what the state weighs). */
export const LOG_BYTES_MAX = 64 * 1_024 * 1_024;
export const COMPACT_ROWS = 2_000;
/** After a copy that could not be made, most likely for want of space. */
export const COMPACTION_RETRY_MS = 60_000;
/** Dead letters of one task that are kept, whatever their age. */
export const DEAD_LETTERS_PER_TASK_MAX = 1_000;
/** Tasks remembered as having too many. */
export const DEAD_LETTER_CANDIDATES_MAX = 10_000;

export const CONNECT_TIMEOUT_MS = 5_000;
export const HEADERS_TIMEOUT_MS = 15_000;
export const TOTAL_TIMEOUT_MS = 30_000;

/** Lines of the consensus trace that are kept, what they may weigh, and how many of the dropped wait for the array to be cut. */
export const TRACE_LINES_MAX = 10_000;
export const TRACE_BYTES_MAX = 32 * 1_024 * 1_024;
export const TRACE_CUT_LINES = 4_096;
/** Given out at once: with room for how JSON escapes JSON, a message of any NATS server carries it. */
export const TRACE_PAGE_MAX = 1_000;
export const TRACE_PAGE_BYTES_MAX = 256 * 1_024;
/** As much as travels with consensus; a member that has not answered by then is shown as away. */
export const TRACE_NOTE_BYTES_MAX = 96 * 1_024;
export const TRACE_ANSWER_MS = 400;
/** A trace is kept for this long after it was last watched, at most. */
export const TRACE_WATCH_MS_MAX = 10_000;
/** Backups that a running node made and that lie in its data directory. At the bound it makes no more. */
export const BACKUPS_KEPT_MAX = 8;

/** Readers of events at a time. One more is refused as `too_many_subscribers`. */
export const SUBSCRIBERS_MAX = 128;
/** How soon readers are told what happened, and how much of the loop that may take each time. */
export const FEED_EVERY_MS = 10;
export const FEED_SLICE_MS = 3;
/** Told at once, and looked through at once for those that a reader wants: an entry more, of ENTRY_PAIRS_MAX. */
export const FEED_BATCH_EVENTS_MAX = 128;
export const FEED_LOOKED_AT_MAX = 512;
/** Kept in memory of what was applied just now, while somebody reads; behind it, the log is read. */
export const FEED_RECENT_EVENTS_MAX = 4_096;
export const FEED_RECENT_ENTRIES_MAX = 1_024;
/** Of their text in the log: a task's body is part of it. */
export const FEED_RECENT_CHARS_MAX = 4 * 1_024 * 1_024;
export const FEED_READ_BYTES = 128 * 1_024;
/** What the log holds of the time before a start is counted in this fast: 64 MiB in ten seconds. */
export const RECOUNT_EVERY_MS = 20;
export const RECOUNT_READ_BYTES = 128 * 1_024;
/** Runs that were claimed and not attempted, while the log is counted. */
export const RECOUNTED_RUNS_MAX = 100_000;
