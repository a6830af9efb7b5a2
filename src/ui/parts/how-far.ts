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

const SPANS: readonly (readonly [letter: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** The two largest units, of which the smaller says nothing where it is none. */
export function howLong(ms: number): string {
  const at = SPANS.findIndex(([, unitMs]) => ms >= unitMs);
  const [name, unitMs] = SPANS[at] ?? ['s', 1_000];
  const whole = `${Math.floor(ms / unitMs)} ${name}`;
  const smaller = at < 0 ? undefined : SPANS[at + 1];
  const rest = smaller === undefined ? 0 : Math.floor((ms % unitMs) / smaller[1]);
  return rest === 0 || smaller === undefined ? whole : `${whole} ${rest} ${smaller[0]}`;
}

/** In the zone of whoever looks. */
export function localInstant(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Of the next fire while all scheduling is paused: what is due is not about to happen. */
export function howFarWhileHeld(atMs: number, nowMs: number): string {
  const said = howFar(atMs, nowMs);
  return atMs > nowMs && said !== 'now' ? said : 'held: all scheduling is paused';
}
