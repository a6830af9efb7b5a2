import { boundedMap } from './bounded-map.ts';
import { ZONE_NAME_CHARS_MAX, ZONE_NAMES_REFUSED_MAX, ZONE_SAMPLES_MAX, ZONES_MAX } from './bounds.ts';

/**
 * Time zones as Intl knows them: the tz data of this process is the one input that is not passed in. So fires are computed
 * once, on the leader, and stand in the event (I3).
 */

/** A stretch of real time with one offset from UTC. `local = instant + offset`, all in whole seconds. */
export interface Stretch {
  readonly startSec: number;
  /** The first second that is no longer in it. */
  readonly endSec: number;
  readonly offsetSec: number;
}

export interface Zone {
  readonly name: string;
  offsetSecAt(instantSec: number): number;
  /** The stretches that cover [fromSec, throughSec], in order. */
  stretches(fromSec: number, throughSec: number): readonly Stretch[];
}

export const DAY_SEC = 86_400;
/** Where nearly every change since 1970 lies: looked at first, it takes 9 readings of the clock instead of 17. */
const QUARTER_HOUR_SEC = 900;

/** ICU knows these from old Java, where they mean one of several zones; they are not in the IANA database. */
const NOT_IANA = new Set(
  'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST'.split(' '),
);
/** Area/Location or an old single name, never an offset such as +05:30, which Intl takes as well. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;

const zones = boundedMap<string, Zone>(ZONES_MAX);
const unknownNames = boundedMap<string, 1>(ZONE_NAMES_REFUSED_MAX);

/** Null when this process's tz data knows no such zone. */
export function zoneNamed(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (name.length > ZONE_NAME_CHARS_MAX || unknownNames.get(name) !== undefined) return null;
  const zone = openZone(name);
  if (zone === null) unknownNames.set(name, 1);
  else zones.set(name, zone);
  return zone;
}

function openZone(name: string): Zone | null {
  if (!ZONE_NAME.test(name) || NOT_IANA.has(name.toUpperCase()) || /^SystemV\//i.test(name)) return null;
  try {
    const clock = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const resolved = clock.resolvedOptions().timeZone;
    // Intl resolves links (Asia/Kolkata → Asia/Calcutta): the name stays as written, but for its case.
    const asWritten = resolved.toLowerCase() === name.toLowerCase() ? resolved : name;
    return resolved === 'UTC' ? fixedZone(asWritten) : changingZone(asWritten, clock);
  } catch {
    return null;
  }
}

function fixedZone(name: string): Zone {
  return {
    name,
    offsetSecAt: () => 0,
    stretches: (fromSec, throughSec) => [{ startSec: fromSec, endSec: throughSec + 1, offsetSec: 0 }],
  };
}

/**
 * Offsets are sampled where UTC days meet and a change inside a day is found by bisection; both are kept. Two changes
 * within one UTC day would be seen as one.
 */
function changingZone(name: string, clock: Intl.DateTimeFormat): Zone {
  const offsetsSec = boundedMap<number, number>(ZONE_SAMPLES_MAX);
  const changesSec = boundedMap<number, number>(ZONE_SAMPLES_MAX);

  function offsetSecAtDay(day: number): number {
    const known = offsetsSec.get(day);
    if (known !== undefined) return known;
    const offsetSec = readOffsetSec(clock, day * DAY_SEC);
    offsetsSec.set(day, offsetSec);
    return offsetSec;
  }

  /** The first second of the day, or of the next one, at which the offset is what it is when the day ends. */
  function changeSecIn(day: number, offsetAfterSec: number): number {
    const known = changesSec.get(day);
    if (known !== undefined) return known;
    const isAfter = (instantSec: number): boolean => readOffsetSec(clock, instantSec) === offsetAfterSec;
    const startSec = day * DAY_SEC;
    let afterSec = firstAfter(startSec, startSec + DAY_SEC, QUARTER_HOUR_SEC, isAfter);
    if (isAfter(afterSec - 1)) afterSec = firstAfter(afterSec - QUARTER_HOUR_SEC, afterSec, 1, isAfter);
    changesSec.set(day, afterSec);
    return afterSec;
  }

  function offsetSecAt(instantSec: number): number {
    const day = Math.floor(instantSec / DAY_SEC);
    const before = offsetSecAtDay(day);
    const after = offsetSecAtDay(day + 1);
    return before === after || instantSec < changeSecIn(day, after) ? before : after;
  }

  function stretches(fromSec: number, throughSec: number): readonly Stretch[] {
    const found: Stretch[] = [];
    let startSec = fromSec;
    let offsetSec = offsetSecAt(fromSec);
    const lastDay = Math.floor(throughSec / DAY_SEC);
    for (let day = Math.floor(fromSec / DAY_SEC); day <= lastDay; day += 1) {
      const after = offsetSecAtDay(day + 1);
      if (after === offsetSec) continue;
      const changeSec = changeSecIn(day, after);
      if (changeSec > throughSec) break;
      found.push({ startSec, endSec: changeSec, offsetSec });
      startSec = changeSec;
      offsetSec = after;
    }
    found.push({ startSec, endSec: throughSec + 1, offsetSec });
    return found;
  }

  return { name, offsetSecAt, stretches };
}

/** By bisection, in steps of `unitSec`; not yet true at `beforeSec`, true at `afterSec`. */
function firstAfter(beforeSec: number, afterSec: number, unitSec: number, isAfter: (sec: number) => boolean): number {
  let low = 0;
  let high = (afterSec - beforeSec) / unitSec;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isAfter(beforeSec + middle * unitSec)) high = middle;
    else low = middle;
  }
  return beforeSec + high * unitSec;
}

function readOffsetSec(clock: Intl.DateTimeFormat, instantSec: number): number {
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (
    clock.format(instantSec * 1_000).match(/\d+/g) ?? []
  ).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000 - instantSec;
}
