import { zoneNamed } from '../schedule/time-zone.ts';

/** One task of a crontab file. */
export interface CrontabTask {
  /** From 1. */
  readonly line: number;
  /** Five fields, or a macro. */
  readonly schedule: string;
  /** The rest of the line: what cron would run. */
  readonly command: string;
  /** From the last `CRON_TZ=` above; null where there was none. */
  readonly timezone: string | null;
}

export interface LineReason {
  readonly line: number;
  readonly reason: string;
}

export interface CrontabFile {
  readonly tasks: readonly CrontabTask[];
  readonly refused: readonly LineReason[];
  /** `NAME=value` lines, which set something for a command that is not run here. */
  readonly settings: readonly LineReason[];
}

/** A line of crontab(5) has no bound; this one is beyond what anybody meant. */
export const CRONTAB_LINE_CHARS_MAX = 8_192;
const FIELDS = 5;

/** What a crontab file holds, line by line. Whether a schedule is one is the node's to say: it alone knows its tz data. */
export function parseCrontabFile(text: string): CrontabFile {
  const tasks: CrontabTask[] = [];
  const refused: LineReason[] = [];
  const settings: LineReason[] = [];
  let zone: Zone = { name: null, problem: null };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const understood = understand(content, zone, line);
    switch (understood.kind) {
      case 'zone':
        zone = understood.zone;
        if (zone.problem !== null) refused.push({ line, reason: zone.problem });
        break;
      case 'setting':
        settings.push({ line, reason: understood.name });
        break;
      case 'refused':
        refused.push({ line, reason: understood.reason });
        break;
      case 'task':
        tasks.push({ line, timezone: zone.name, schedule: understood.schedule, command: understood.command });
    }
  }
  return { tasks, refused, settings };
}

interface Zone {
  readonly name: string | null;
  /** Lines under a zone that is none are refused: any other zone would be a guess. */
  readonly problem: string | null;
}

type Understood =
  | { readonly kind: 'zone'; readonly zone: Zone }
  | { readonly kind: 'setting'; readonly name: string }
  | { readonly kind: 'task'; readonly schedule: string; readonly command: string }
  | { readonly kind: 'refused'; readonly reason: string };

const SETTING = /^([A-Za-z_][A-Za-z0-9_]*|"[^"]*"|'[^']*')\s*=\s*(.*)$/;

function understand(content: string, zone: Zone, line: number): Understood {
  if (content.length > CRONTAB_LINE_CHARS_MAX) {
    return refused(`the line has ${content.length} characters; at most ${CRONTAB_LINE_CHARS_MAX} are allowed`);
  }
  // What is not UTF-8 was decoded as U+FFFD; a command that was changed on the way is not the one that was meant.
  if (content.includes('\uFFFD')) return refused('the line is not UTF-8');
  const [, name, value = ''] = SETTING.exec(content) ?? [];
  if (name !== undefined && unquoted(name) === 'CRON_TZ')
    return { kind: 'zone', zone: readZone(unquoted(value), line) };
  if (name !== undefined) return { kind: 'setting', name: unquoted(name) };
  if (zone.problem !== null) return refused(zone.problem);
  return content.startsWith('@') ? readMacro(content) : readFields(content);
}

const refused = (reason: string): Understood => ({ kind: 'refused', reason });
const unquoted = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, '$2');

function readZone(value: string, line: number): Zone {
  // As in cron: an empty value takes the setting back.
  if (value === '') return { name: null, problem: null };
  const zone = zoneNamed(value);
  if (zone !== null) return { name: zone.name, problem: null };
  const shown = JSON.stringify(value.slice(0, 64));
  const alone = /\s/.test(value) ? ', alone on its line' : '';
  return {
    name: null,
    problem: `CRON_TZ=${shown} on line ${line} is not a known time zone; allowed are IANA names such as Europe/Berlin${alone}`,
  };
}

function readMacro(content: string): Understood {
  const words = /^@every\s/i.test(content) ? 2 : 1;
  const [schedule, command] = split(content, words);
  return command === '' ? refused(`nothing stands after ${schedule}: no command, so no name`) : task(schedule, command);
}

function readFields(content: string): Understood {
  const [schedule, command] = split(content, FIELDS);
  const found = schedule.split(' ').length;
  if (found < FIELDS) {
    return refused(
      `${found} ${found === 1 ? 'word' : 'words'}; a line is five fields (or a macro such as @daily) and then a command`,
    );
  }
  if (command === '') return refused('nothing stands after the five fields: no command, so no name');
  // As five fields it would fire at other times than was meant.
  if (/^\*(\/\d+)?(\s|$)/.test(command)) {
    return refused('six fields: a crontab file has five, from the minute on; use "xcron task create" for seconds');
  }
  return task(schedule, command);
}

const task = (schedule: string, command: string): Understood => ({ kind: 'task', schedule, command });

/** The first `count` words, one space apart, and the rest as it is. */
function split(content: string, count: number): readonly [string, string] {
  const words = new RegExp(`^(?:\\S+\\s+){0,${count - 1}}\\S+`).exec(content)?.[0] ?? content;
  return [words.split(/\s+/).join(' '), content.slice(words.length).trim()];
}
