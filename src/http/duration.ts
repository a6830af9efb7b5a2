/** Durations as the API writes them: `250ms`, `30s`, `5m`, `2h`. One number, one unit. */

const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

export const DURATION_PATTERN = '^[0-9]{1,9}(ms|s|m|h)$';
const DURATION = /^([0-9]{1,9})(ms|s|m|h)$/;

/** Null for what is no duration; the schema says what one is. */
export function parseDuration(text: string): number | null {
  const [, digits, unit] = DURATION.exec(text) ?? [];
  return unit === undefined ? null : Number(digits) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** The largest unit that says it without a fraction: one text for each duration. */
export function printDuration(ms: number): string {
  if (ms === 0) return '0s';
  for (const [unit, unitMs] of Object.entries(UNITS_MS)) {
    if (ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}
