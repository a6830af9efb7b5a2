import { PREVIEW_COUNT_MAX } from './bounds.ts';
import { isNamed, nextLocalSec } from './local-calendar.ts';
import { nextFireMs, type ZonedLine, zonedLine } from './next-fire.ts';
import { DAY_SEC, type Stretch, type Zone, zoneNamed } from './time-zone.ts';
import type { Fire, Schedule } from './types.ts';

/** A fire that real time skipped is said with the next one, if that comes this soon: later, nobody looks for it there. */
const SKIPPED_NOTE_SEC = 8 * DAY_SEC;

/**
 * The next fires strictly after `fromMs`, `PREVIEW_COUNT_MAX` at most. An interval and an instant have no zone of their own:
 * their local time is shown in `displayTimezone`.
 */
export function previewFires(schedule: Schedule, fromMs: number, count: number, displayTimezone = 'UTC'): Fire[] {
  const opened = schedule.kind === 'cron' ? zonedLine(schedule) : null;
  const zone = opened?.zone ?? zoneNamed(displayTimezone);
  const fires: Fire[] = [];
  let beforeMs = fromMs;
  while (fires.length < Math.min(count, PREVIEW_COUNT_MAX)) {
    const atMs = nextFireMs(schedule, beforeMs);
    if (atMs === null) break;
    const local = localTime(atMs, zone?.offsetSecAt(Math.floor(atMs / 1_000)) ?? 0);
    const note = opened === null ? null : clockChangeNote(opened, Math.floor(beforeMs / 1_000), atMs / 1_000);
    fires.push(note === null ? { atMs, local } : { atMs, local, note });
    beforeMs = atMs;
  }
  return fires;
}

/** As in `2027-03-14T03:00:00-04:00`. */
function localTime(atMs: number, offsetSec: number): string {
  const local = new Date(atMs + offsetSec * 1_000).toISOString().replace(/(?:\.000)?Z$/, '');
  return `${local}${offsetText(offsetSec)}`;
}

function offsetText(offsetSec: number): string {
  const size = Math.abs(offsetSec);
  const parts = [Math.floor(size / 3_600), Math.floor(size / 60) % 60];
  // Local mean time, before a zone had a standard one.
  if (size % 60 !== 0) parts.push(size % 60);
  return (offsetSec < 0 ? '-' : '+') + parts.map(twoDigits).join(':');
}

function clockChangeNote({ line, zone }: ZonedLine, previousSec: number, fireSec: number): string | null {
  const localSec = fireSec + zone.offsetSecAt(fireSec);
  const repeated = repeatedNote(zone, fireSec, localSec, line.realTime);
  if (repeated !== null) return repeated;
  const fromSec = Math.max(previousSec, fireSec - SKIPPED_NOTE_SEC);
  for (const gap of gapsIn(zone.stretches(fromSec, fireSec))) {
    const named = nextLocalSec(line, gap.fromLocalSec);
    if (named === null || named >= gap.toLocalSec) continue;
    const jump = `the clock jumps from ${clockText(gap.fromLocalSec)} to ${clockText(gap.toLocalSec)}`;
    if (line.realTime) return `${jump} before this one: the times in between do not occur`;
    if (!isNamed(line, localSec)) return `${jump}: a time in between fires right after the gap`;
  }
  return null;
}

function repeatedNote(zone: Zone, fireSec: number, localSec: number, realTime: boolean): string | null {
  const passes = zone
    .stretches(fireSec - DAY_SEC, fireSec + DAY_SEC)
    .map(({ startSec, endSec, offsetSec }) => ({ startSec, endSec, atSec: localSec - offsetSec }))
    .filter(({ startSec, endSec, atSec }) => startSec <= atSec && atSec < endSec);
  if (passes.length < 2) return null;
  const shown = clockText(localSec);
  if (!realTime) return `the clock shows ${shown} twice: it fires at the first`;
  return `the clock shows ${shown} twice: this is the ${passes[0]?.atSec === fireSec ? 'first' : 'second'}`;
}

interface Gap {
  readonly fromLocalSec: number;
  readonly toLocalSec: number;
}

function gapsIn(stretches: readonly Stretch[]): readonly Gap[] {
  return stretches.flatMap((stretch, index) => {
    const next = stretches[index + 1];
    if (next === undefined || next.offsetSec <= stretch.offsetSec) return [];
    return [{ fromLocalSec: stretch.endSec + stretch.offsetSec, toLocalSec: next.startSec + next.offsetSec }];
  });
}

function clockText(localSec: number): string {
  return new Date(localSec * 1_000).toISOString().slice(11, localSec % 60 === 0 ? 16 : 19);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
