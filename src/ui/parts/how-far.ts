/** How the pages say times: near ones by how far they are, all of them with the exact instant at hand. */

const UNITS: readonly (readonly [name: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

export function howFar(atMs: number, nowMs: number): string {
  const awayMs = atMs - nowMs;
  for (const [unit, ms] of UNITS) {
    if (Math.abs(awayMs) >= ms) return relative.format(Math.trunc(awayMs / ms), unit);
  }
  return 'now';
}

/** In the zone of whoever looks. */
export function localInstant(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
