/**
 * What a schedule is, once understood. Parsing happens once, on the leader; the result stands in the event (I3), so that
 * applying needs neither a parser nor tz data.
 */

/** What a fixed local time means on the two days a year when clocks are set. `once` is the documented default. */
export const DST_POLICIES = ['once'] as const;
export type DstPolicy = (typeof DST_POLICIES)[number];

export interface CronSchedule {
  readonly kind: 'cron';
  /** As the client wrote it: what the API shows again. */
  readonly format: string;
  /** Six fields, macros expanded, `H` resolved: what is computed with. */
  readonly fields: string;
  readonly timezone: string;
  readonly dst: DstPolicy;
}

export interface EverySchedule {
  readonly kind: 'every';
  readonly format: string;
  readonly everyMs: number;
  /** Fires at anchor + k × every, k ≥ 1. */
  readonly anchorMs: number;
}

export interface OnceSchedule {
  readonly kind: 'once';
  readonly format: string;
  readonly atMs: number;
}

export type Schedule = CronSchedule | EverySchedule | OnceSchedule;

export type ScheduleRefusalCode =
  | 'schedule_empty'
  | 'schedule_too_long'
  | 'schedule_field_count'
  | 'schedule_field'
  | 'schedule_macro'
  | 'schedule_never_fires'
  | 'schedule_every'
  | 'schedule_instant'
  | 'timezone_unknown'
  | 'dst_policy_unknown';

export interface ScheduleRefusal {
  readonly code: ScheduleRefusalCode;
  /** One sentence: what is wrong, where, and what is allowed. */
  readonly message: string;
  /** Offset of the first offending character in the format as given, 0-based; null when the whole is meant. */
  readonly position: number | null;
  /** Which input is meant. */
  readonly part: 'schedule' | 'timezone' | 'dst';
}

export interface ScheduleContext {
  readonly timezone: string;
  readonly dst: string;
  readonly nowMs: number;
  /** Seeds `H`: the task id, so that a task keeps its slot. */
  readonly seed: string;
}

export interface Fire {
  readonly atMs: number;
  /** Local time with offset, as in `2027-03-14T03:00:00-04:00`. */
  readonly local: string;
  /** Said where a clock change touches this fire. */
  readonly note?: string;
}
