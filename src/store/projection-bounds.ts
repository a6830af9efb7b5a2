/** Every bound of the projection, in one place (I10). */

/** A flush begins when this many entities, or this many bytes of them, wait in the overlay … */
export const FLUSH_AT_ENTITIES = 5_000;
export const FLUSH_AT_BYTES = 16 * 2 ** 20;
/** … or when the oldest change has waited this long. */
export const FLUSH_AFTER_MS = 1_000;
/** An overlay that has grown to this many times those bounds while a flush runs makes `untilRoom()` wait. */
export const OVERLAY_PRESSED_FACTOR = 2;

/** Clean entities kept in memory, half of them tasks. */
export const CACHED_ENTITIES_MAX = 10_000;
export const CACHED_BYTES_MAX = 48 * 2 ** 20;

/** One turn of the event loop gives the flush no more than this, then yields. Far below the 50 ms of I10: others share the turn. */
export const LOOP_SLICE_MS = 3;
/** The clock is read once in so many entities. */
export const LOOP_CHECK_EVERY = 16;
/**
 * Rows and text in one message. Bounds how long a load waits behind a slice: 250 random rows at a million are about 15 ms. Creations of
 * one entry stay together, up to a thousand: their ids follow each other, and they take 11 ms.
 */
export const SLICE_ROWS_MAX = 250;
export const SLICE_CHARACTERS_MAX = 256 * 2 ** 10;
/** Slices handed over and not yet written; one more than one, so that the worker does not wait for the loop. */
export const SLICES_IN_FLIGHT_MAX = 2;

/** Rows walked in one step of a search: 2 ms of the worker where they are in memory, up to 30 where they come from the disk. */
export const SEARCH_ROWS_MAX = 25_000;
/** Text sent back in one step of a read: the worker is held for about 5 ms, and the loop for 2 (parsing). */
export const ANSWER_CHARACTERS_MAX = 256 * 2 ** 10;
/** Refs asked for in one message. */
export const FETCH_REFS_MAX = 1_000;
/** Runs named for one task in one answer of the retention queries. */
export const RUNS_PER_ANSWER_MAX = 1_000;

/** SQLite's page cache in the worker. No mmap: resident pages would count against the whole process. */
export const SQLITE_CACHE_KIB = 24 * 1_024;
/** Young generation of the worker's heap: rows pass through it, nothing stays. */
export const WORKER_YOUNG_GENERATION_MIB = 4;

/** A copy is written and fsynced in pieces of this size, and rests after each as long as it took, so that the log gets the disk. */
export const COPY_SLICE_BYTES = 2 ** 20;
export const COPY_PAUSE_MS_MIN = 2;
