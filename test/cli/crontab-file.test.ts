import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CRONTAB_LINE_CHARS_MAX, parseCrontabFile } from '../../src/cli/crontab-file.ts';
import { importLines } from '../../src/cli/import-requests.ts';

const taken = (text: string) => parseCrontabFile(text).tasks;
const refusedWith = (text: string) => parseCrontabFile(text).refused.map(({ line, reason }) => `${line}: ${reason}`);

describe('a crontab file', () => {
  test('five fields or a macro, then the command as it stands', () => {
    const text = ' 0  1 * *\t* \t/bin/a  "b  c" # d % e\n@daily clean up\n@every 90s poll it\n@reboot start\n';
    assert.deepEqual(taken(text), [
      { line: 1, timezone: null, schedule: '0 1 * * *', command: '/bin/a  "b  c" # d % e' },
      { line: 2, timezone: null, schedule: '@daily', command: 'clean up' },
      { line: 3, timezone: null, schedule: '@every 90s', command: 'poll it' },
      { line: 4, timezone: null, schedule: '@reboot', command: 'start' },
    ]);
  });
  test('comments, blanks, a byte order mark and line ends of any system', () => {
    const { tasks, refused } = parseCrontabFile('\uFEFF# head\r\n\r\n   \r\n  # more\r\n* * * * * a\r\n');
    assert.deepEqual([tasks.length, tasks[0]?.line, tasks[0]?.command, refused.length], [1, 5, 'a', 0]);
  });
  test('CRON_TZ= holds for the lines below, until the next', () => {
    const text =
      '0 1 * * * a\nCRON_TZ=Europe/Berlin\n0 1 * * * b\nCRON_TZ = "asia/tokyo"\n0 1 * * * c\nCRON_TZ=\n0 1 * * * d';
    assert.deepEqual(
      taken(text).map(({ timezone }) => timezone),
      [null, 'Europe/Berlin', 'Asia/Tokyo', null],
    );
  });
  test('under a zone that is none, nothing is imported in another', () => {
    const text = 'CRON_TZ=Mars/Base\n0 1 * * * a\nCRON_TZ=UTC\n0 1 * * * b';
    assert.deepEqual(
      taken(text).map(({ command }) => command),
      ['b'],
    );
    const reason =
      'CRON_TZ="Mars/Base" on line 1 is not a known time zone; allowed are IANA names such as Europe/Berlin';
    assert.deepEqual(refusedWith(text), [`1: ${reason}`, `2: ${reason}`]);
    assert.match(refusedWith('CRON_TZ=UTC 0 1 * * * a').join(), /alone on its line/);
  });
  test('other settings are reported, not run', () => {
    const { settings, refused } = parseCrontabFile('MAILTO=a@b.c\nPATH = /bin\n"QUOTED NAME"=x\nTZ=UTC');
    assert.deepEqual(
      settings.map(({ reason }) => reason),
      ['MAILTO', 'PATH', 'QUOTED NAME', 'TZ'],
    );
    assert.deepEqual(refused, []);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['* * * *', /^1: 4 words; a line is five fields/],
    ['nonsense', /^1: 1 word; a line is five fields/],
    ['* * * * *', /^1: nothing stands after the five fields/],
    ['@daily', /^1: nothing stands after @daily/],
    ['* * * * * * every second', /^1: six fields: a crontab file has five/],
    ['0 * * * * */5 x', /^1: six fields/],
    [`* * * * * ${'x'.repeat(CRONTAB_LINE_CHARS_MAX)}`, /^1: the line has \d+ characters; at most 8192/],
    ['* * * * * caf\uFFFD', /^1: the line is not UTF-8/],
  ];
  for (const [text, message] of wrong) {
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.match(refusedWith(text).join(), message);
      assert.deepEqual(taken(text), []);
    });
  }

  test('every line is a task, a refusal, a setting, or nothing: none is lost, none counted twice', () => {
    const word = fc.constantFrom(
      '*',
      '0',
      '@daily',
      '@every',
      '#',
      'A=1',
      'CRON_TZ=UTC',
      'CRON_TZ=X',
      'run',
      '\t',
      '"',
      "'",
      '=',
      '%',
    );
    const line = fc.array(word, { maxLength: 9 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const { tasks, refused, settings } = parseCrontabFile(lines.join('\n'));
        const said = [...tasks, ...refused, ...settings].map((one) => one.line);
        assert.equal(new Set(said).size, said.length);
        for (const [index, text] of lines.entries()) {
          const isNothing = text.trim() === '' || text.trim().startsWith('#') || /^CRON_TZ=UTC$/.test(text.trim());
          if (!isNothing && !/^CRON_TZ\s*=/.test(text.trim()))
            assert.ok(said.includes(index + 1), JSON.stringify(text));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('the real one: all 27 lines, @reboot among them for the node to refuse', () => {
    const { tasks, refused } = parseCrontabFile(
      readFileSync(new URL('../fixtures/crontab-real.txt', import.meta.url), 'utf8'),
    );
    assert.deepEqual([tasks.length, refused.length], [27, 0]);
    assert.equal(tasks[0]?.command, "settle yesterday's payments");
  });
});

describe('what is asked of the node for a line', () => {
  const options = { url: 'http://127.0.0.1:9000/' };
  const keys = (text: string, salt = '') =>
    importLines(parseCrontabFile(text).tasks, options, salt).map(({ key }) => key);

  test('name, schedule, zone, and the command in the body', () => {
    const [line] = importLines(taken('CRON_TZ=UTC\n0 1 * * * a\tb'), options, '');
    assert.deepEqual(JSON.parse(line?.body ?? ''), {
      name: 'a b',
      schedule: '0 1 * * *',
      timezone: 'UTC',
      callback: { url: options.url, body: { command: 'a\tb' } },
    });
  });
  test('a name is cut to what a node takes, the command is not', () => {
    const command = 'x'.repeat(1_000);
    const [line] = importLines(taken(`* * * * * ${command}`), options, '');
    const { name, callback } = JSON.parse(line?.body ?? '');
    assert.equal([...name].length, 200);
    assert.equal(callback.body.command, command);
  });
  test('the same file again has the same keys; another line in it changes no other key', () => {
    const before = keys('0 1 * * * a\n0 2 * * * b');
    assert.deepEqual(keys('0 1 * * * a\n0 2 * * * b'), before);
    assert.deepEqual(
      keys('# new\n0 1 * * * a\n@hourly z\n0 2 * * * b').filter((_, index) => index !== 1),
      before,
    );
  });
  test('two equal lines are two tasks; --repeat makes new ones', () => {
    const [one, other] = keys('0 1 * * * a\n0 1 * * * a');
    assert.notEqual(one, other);
    assert.notEqual(keys('0 1 * * * a', 'salt')[0], one);
  });
});
