/** Every bound of this room, so that their relations can be read, and are asserted, in one place (I10). */

/** Half of what cron-parser takes (1,024), so that the resolved line, which may be longer than the written one, always fits. */
export const SCHEDULE_CHARS_MAX = 512;
/** How much of the input a refusal repeats. */
export const QUOTED_CHARS_MAX = 24;

export const EVERY_MIN_MS = 1_000;
/** 366 days: beyond a year a crontab line says better what is meant. */
export const EVERY_MAX_MS = 366 * 24 * 3_600_000;

/** Fires are computed inside these years; Intl, Date and the Gregorian rules agree there. */
export const FIRES_FROM_MS = Date.UTC(1900, 0, 1);
export const FIRES_THROUGH_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Lines compiled and kept, each with its last few answers: tasks share lines. */
export const COMPILED_LINES_MAX = 4_096;
export const ANSWERS_PER_LINE_MAX = 4;

/** A zone holds an Intl formatter (about 80 µs to build) and its samples. tzdb has some 600 names, a cluster uses few. */
export const ZONES_MAX = 128;
export const ZONE_SAMPLES_MAX = 2_048;
export const ZONE_NAMES_REFUSED_MAX = 1_024;
export const ZONE_NAME_CHARS_MAX = 64;

/** Two a year: after sixteen years in which the clock skipped all its times, a line in real time counts as never firing. */
export const REAL_TIME_WINDOWS_MAX = 32;

export const PREVIEW_COUNT_MAX = 1_000;
