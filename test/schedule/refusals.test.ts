import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SCHEDULE_CHARS_MAX } from '../../src/schedule/bounds.ts';
import { parseSchedule } from '../../src/schedule/parse.ts';
import type { ScheduleRefusalCode } from '../../src/schedule/types.ts';
import { contextIn, refusalOf } from './schedule-cases.ts';

const REFUSED_WITHIN_MS = 10;

/** Format, code, position, and what its sentence must say. */
const CASES: readonly (readonly [string, ScheduleRefusalCode, number, RegExp])[] = [
  ['', 'schedule_empty', 0, /empty; allowed are/],
  ['   ', 'schedule_empty', 3, /empty/],
  ['CRON_TZ=UTC', 'schedule_empty', 11, /empty/],
  ['*', 'schedule_field_count', 1, /1 field\./],
  ['* * * *', 'schedule_field_count', 7, /5 fields .* or 6 .* 4 fields/],
  ['0 0 12 * * ? 2027', 'schedule_field_count', 13, /year field is not supported/],
  ['hello world', 'schedule_field_count', 11, /2 fields/],
  ['* * * * *\n* * * * *', 'schedule_field_count', 12, /10 fields/],
  ['*/70 * * * *', 'schedule_field', 2, /minute field.*"70" is out of range.*1 to 60/],
  ['*/0 * * * *', 'schedule_field', 2, /step "0" is out of range/],
  ['*/ * * * *', 'schedule_field', 2, /step after "\/" is missing/],
  ['*/5/5 * * * *', 'schedule_field', 3, /not a step/],
  ['/5 * * * *', 'schedule_field', 0, /nothing stands before the step/],
  ['1- * * * *', 'schedule_field', 2, /a value is missing/],
  ['-1 * * * *', 'schedule_field', 0, /a value is missing/],
  ['1--2 * * * *', 'schedule_field', 2, /"-2" is not understood/],
  ['1-2-3 * * * *', 'schedule_field', 3, /not understood/],
  ['*-5 * * * *', 'schedule_field', 0, /"\*" is not understood/],
  ['*5 * * * *', 'schedule_field', 0, /not understood/],
  ['1,,2 * * * *', 'schedule_field', 2, /list item is missing/],
  [',1 * * * *', 'schedule_field', 0, /list item is missing/],
  ['1, * * * *', 'schedule_field', 2, /list item is missing/],
  ['1,(2,3) * * * *', 'schedule_field', 2, /"\(2" is not understood/],
  ['60 * * * *', 'schedule_field', 0, /minute field, at position 0: "60" is out of range; allowed are 0-59/],
  ['0 24 * * *', 'schedule_field', 2, /hour field.*0-23/],
  ['0 0 0 * *', 'schedule_field', 4, /day-of-month field.*1-31/],
  ['0 0 * 13 *', 'schedule_field', 6, /month field.*1-12, JAN-DEC/],
  ['0 0 * * 8', 'schedule_field', 8, /day-of-week field.*0 and 7 are Sunday/],
  ['0 0 * * MONDAY', 'schedule_field', 8, /"MONDAY" is not understood; allowed are .*SUN-SAT/],
  ['0 0 * MON *', 'schedule_field', 6, /JAN-DEC/],
  ['0 0 15W * *', 'schedule_field', 6, /nearest workday.*not supported/],
  ['0 0 LW * *', 'schedule_field', 4, /nearest workday.*not supported/],
  ['0 0 L-3 * *', 'schedule_field', 4, /L stands alone/],
  ['0 0 * * L', 'schedule_field', 8, /L alone says no day/],
  ['0 L * * *', 'schedule_field', 2, /hour field/],
  ['0 22-2 * * *', 'schedule_field', 2, /runs backwards; to wrap around write 22-23,0-2/],
  ['0 0 * * 6-2', 'schedule_field', 8, /write 6,0-2/],
  ['0 0 * * 7-2', 'schedule_field', 8, /write 0-2/],
  ['0 0 * * 5#6', 'schedule_field', 10, /1 to 5/],
  ['0 0 * * 5#', 'schedule_field', 10, /nothing stands after "#"/],
  ['0 0 * * 1,5#2', 'schedule_field', 11, /cannot stand in a list/],
  ['0 0 5#2 * *', 'schedule_field', 5, /belongs to the day-of-week field/],
  ['H(5) * * * *', 'schedule_field', 1, /write H or H\(a-b\)/],
  ['H(30-70) * * * *', 'schedule_field', 5, /"70" is out of range/],
  ['H(9-3) * * * *', 'schedule_field', 2, /runs backwards/],
  ['H/0 * * * *', 'schedule_field', 2, /out of range/],
  ['٣ * * * *', 'schedule_field', 0, /"\\u\{663\}" is not understood/],
  ['５ * * * *', 'schedule_field', 0, /"\\u\{ff15\}" is not understood/],
  ['5\u00a0* * * * *', 'schedule_field', 1, /\\u\{a0\}/],
  ['5\0 * * * *', 'schedule_field', 1, /\\u\{0\}/],
  ['1e1 * * * *', 'schedule_field', 1, /not understood/],
  ['0x1 * * * *', 'schedule_field', 1, /not understood/],
  ['1.5 * * * *', 'schedule_field', 1, /not understood/],
  [`${'9'.repeat(400)} * * * *`, 'schedule_field', 0, /"9{24}…" is out of range/],
  ['0 0 30 2 *', 'schedule_never_fires', 4, /never fires/],
  ['0 0 0 31 4,6,9,11 ?', 'schedule_never_fires', 6, /never fires/],
  ['0 0 30 2 */2', 'schedule_never_fires', 4, /never fires/],
  ['0 0 */31 * 1#2', 'schedule_never_fires', 4, /never fires/],
  ['@reboot', 'schedule_macro', 0, /not a time/],
  ['  @reboot', 'schedule_macro', 2, /not a time/],
  ['@fortnightly', 'schedule_macro', 0, /"@fortnightly" is not a macro; allowed are @yearly/],
  ['@constructor', 'schedule_macro', 0, /not a macro/],
  ['@daily 5', 'schedule_macro', 7, /stands alone/],
  ['@every', 'schedule_every', 6, /duration after @every is missing/],
  ['@every 0s', 'schedule_every', 7, /too short; .* from 1s to 8784h/],
  ['@every 250ms', 'schedule_every', 7, /too short/],
  ['@every 8785h', 'schedule_every', 7, /too long/],
  [`@every ${'9'.repeat(400)}s`, 'schedule_every', 7, /too long/],
  ['@every 90', 'schedule_every', 7, /not understood/],
  ['@every -5s', 'schedule_every', 7, /not understood/],
  ['@every 1.5h', 'schedule_every', 7, /not understood/],
  ['@every 30m1h', 'schedule_every', 10, /"1h" is not understood/],
  ['@every 1h 30m', 'schedule_every', 10, /one word/],
  ['123456789', 'schedule_instant', 0, /9 digits are no instant; an instant is 10 digits/],
  ['12345678901', 'schedule_instant', 0, /11 digits/],
  ['-1805007600', 'schedule_instant', 0, /not the year/],
  ['2027-03-14', 'schedule_instant', 10, /hour is missing/],
  ['2027-03-14T07:00:00', 'schedule_instant', 19, /offset is missing/],
  ['2027-03-14 07:00:00Z', 'schedule_instant', 11, /stands after an instant|hour is missing/],
  ['2027-13-01T00:00:00Z', 'schedule_instant', 4, /not the month/],
  ['2027-02-29T00:00:00Z', 'schedule_instant', 8, /no day 29/],
  ['2027-03-14T24:00:00Z', 'schedule_instant', 10, /not the hour/],
  ['2027-03-14T07:00:60Z', 'schedule_instant', 16, /":60Z" is not/],
  ['2027-03-14T07:00:00+2', 'schedule_instant', 19, /not the offset/],
  ['TZ=Asia/Tokyo 1805007600', 'schedule_instant', 0, /does not go with an instant/],
  ['TZ=Nowhere/City 0 0 * * *', 'timezone_unknown', 3, /"Nowhere\/City" is not a known time zone/],
  ['CRON_TZ= 0 0 * * *', 'timezone_unknown', 8, /not a known time zone/],
  ['CRON_TZ=+05:30 0 0 * * *', 'timezone_unknown', 8, /IANA names/],
  ['CRON_TZ=IST 0 0 * * *', 'timezone_unknown', 8, /IANA names/],
];

describe('a schedule that is not understood or never fires is refused with position and reason', () => {
  for (const [format, code, position, message] of CASES) {
    test(JSON.stringify(format.length > 60 ? `${format.slice(0, 60)}…` : format), () => {
      const refusal = refusalOf(format);
      assert.equal(refusal.code, code, refusal.message);
      assert.equal(refusal.position, position, refusal.message);
      assert.match(refusal.message, message);
      assert.match(refusal.message, /^[A-Z@"].*\.$/s, 'a sentence');
      assert.equal(refusal.part, 'schedule');
    });
  }

  test('a step line whose hour its zone always skips never fires there, and does elsewhere', () => {
    const line = '*/5 2 8-14 3 */7';
    const refusal = refusalOf(line, contextIn('America/New_York'));
    assert.equal(refusal.code, 'schedule_never_fires');
    assert.match(refusal.message, /clock in America\/New_York skips/);
    assert.ok(parseSchedule(line, contextIn('UTC')).ok);
    assert.ok(parseSchedule('30 2 8-14 3 */7', contextIn('America/New_York')).ok, 'a fixed time fires after the gap');
  });

  test(`also within ${REFUSED_WITHIN_MS} ms, though it looks through decades of clock changes`, () => {
    const zones = ['America/Denver', 'America/Chicago', 'America/Boise'];
    const elapsed = zones.map((zone) => elapsedMsOf(() => refusalOf('*/5 2 8-14 3 */7', contextIn(zone))));
    assert.ok(Math.min(...elapsed) < REFUSED_WITHIN_MS, `${elapsed} ms`);
  });

  test('an unknown zone or DST policy names its own part', () => {
    const zone = refusalOf('* * * * *', contextIn('Europe/Atlantis'));
    assert.deepEqual([zone.code, zone.part, zone.position], ['timezone_unknown', 'timezone', null]);
    const dst = refusalOf('* * * * *', { ...contextIn('UTC'), dst: 'twice' });
    assert.deepEqual([dst.code, dst.part, dst.position], ['dst_policy_unknown', 'dst', null]);
    assert.match(dst.message, /"twice" is not a DST policy; allowed: once/);
  });
});

describe('pathological input', () => {
  const long = SCHEDULE_CHARS_MAX + 1;
  const inputs: Readonly<Record<string, string>> = {
    '10,000 spaces': ' '.repeat(10_000),
    '10,000 stars': '*'.repeat(10_000),
    '10,000 digits': '1'.repeat(10_000),
    '10,000 list items': `${'1,'.repeat(10_000)}1 * * * *`,
    'one character too many': `${'0,'.repeat(long)}`.slice(0, long),
    'a field of commas': `${','.repeat(500)} * * * *`,
    'a field of steps': `${'*/'.repeat(250)} * * *`,
    'a field of ranges': `${'1-'.repeat(245)} * * * *`,
    'many fields': '* '.repeat(256),
    'nested brackets': `H${'('.repeat(400)} * * * *`,
    'a long zone': `TZ=${'A/'.repeat(240)} * * * * *`,
    'a long macro': `@${'y'.repeat(500)}`,
    'a long duration': `@every ${'1h'.repeat(240)}`,
    'never, in every month': '0 0 */31 * 1#5',
    surrogates: '\ud800 \udfff * * *',
  };
  for (const [name, format] of Object.entries(inputs)) {
    test(`${name}: refused within ${REFUSED_WITHIN_MS} ms`, () => {
      const elapsedMs = Math.min(...[1, 2, 3].map(() => elapsedMsOf(() => refusalOf(format))));
      assert.ok(elapsedMs < REFUSED_WITHIN_MS, `${elapsedMs} ms`);
    });
  }

  test('what is too long is refused at the first character too many, with the bound named', () => {
    const refusal = refusalOf('*'.repeat(10_000));
    assert.deepEqual([refusal.code, refusal.position], ['schedule_too_long', SCHEDULE_CHARS_MAX]);
    assert.match(refusal.message, /512 characters at most.*10000/);
  });

  test('a list as long as the bound allows is understood, repeats and all', () => {
    const list = Array.from({ length: 240 }, (_, index) => index % 10).join(',');
    const parsed = parseSchedule(`${list} * * * *`, contextIn('UTC'));
    assert.ok(parsed.ok && parsed.value.kind === 'cron');
    assert.equal(parsed.value.fields, '0 0,1,2,3,4,5,6,7,8,9 * * * *');
  });

  test('any text at all is either a schedule or a refusal that points into it', () => {
    const characters = fc.constantFrom(...'*/-,?LH#W()@0123456789 \tabcMONJANevrysmhTZ=:.+٣é');
    const texts = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(characters, { maxLength: 30 }).map((parts) => parts.join('')),
      fc
        .array(fc.array(characters, { minLength: 1, maxLength: 5 }), { minLength: 5, maxLength: 6 })
        .map((fields) => fields.map((field) => field.join('')).join(' ')),
    );
    fc.assert(
      fc.property(texts, (format) => {
        const parsed = parseSchedule(format, contextIn('America/New_York'));
        if (parsed.ok) return;
        const { position, message } = parsed.error;
        assert.ok(position !== null && position >= 0 && position <= format.length, message);
        assert.match(message, /\.$/);
      }),
      { seed: 20270314, numRuns: 3_000 },
    );
  });
});

/** Processor time, so that a machine busy with other things does not fail the test. */
function elapsedMsOf(action: () => unknown): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
