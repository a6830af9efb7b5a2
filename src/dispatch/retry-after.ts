/** A target that asks for more is asked again after a day. */
export const RETRY_AFTER_MS_MAX = 24 * 3_600_000;

/**
 * How long a response asks us to wait (RFC 9110 §10.2.3), in milliseconds from `nowMs`, capped. Null when the header is absent
 * or says nothing usable: garbage, a negative number, a fraction, an instant already past. The policy's own backoff then stands.
 */
export function retryAfterMs(header: string | readonly string[] | undefined, nowMs: number): number | null {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MS_MAX);
  const atMs = httpDateMs(text, nowMs);
  if (atMs === null || atMs <= nowMs) return null;
  return Math.min(atMs - nowMs, RETRY_AFTER_MS_MAX);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// RFC 9110 §5.6.7: a recipient accepts all three forms. Date.parse would also take what is none of them ("12", "-5").
const FORMS = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) (?<year>\d{4})$/,
] as const;

function httpDateMs(text: string, nowMs: number): number | null {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const month = MONTHS.indexOf(parts.month ?? '');
    const [day, h, m, s] = [Number(parts.day), Number(parts.h), Number(parts.m), Number(parts.s)];
    // A leap second (60) is legal in the grammar.
    if (month < 0 || h > 23 || m > 59 || s > 60) return null;
    const atMs = Date.UTC(fullYear(parts.year ?? '', nowMs), month, day, h, m, Math.min(s, 59));
    // Date.UTC carries 31 February over into March.
    return new Date(atMs).getUTCDate() === day ? atMs : null;
  }
  return null;
}

/** A two-digit year that seems more than 50 years ahead is the most recent past year with these digits (RFC 9110 §5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
