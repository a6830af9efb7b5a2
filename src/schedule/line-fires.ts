import { REAL_TIME_WINDOWS_MAX } from './bounds.ts';
import type { CompiledLine } from './compiled-line.ts';
import { nextLocalSec } from './local-calendar.ts';
import { DAY_SEC, type Zone } from './time-zone.ts';

/**
 * The fires of a line in a zone are a set of instants that depends on nothing else; the next one is the least that is later
 * than the given instant. So computing from the last fire and computing afresh agree by construction.
 *
 * - A line with fixed times fires at the first instant at which the clock on the wall has reached the time named: at it,
 *   right after the gap that swallowed it, or at the first of its two occurrences.
 * - A line in real time fires at every instant whose local time it names.
 */

/** Zones lie between -12:00 and +14:00; the two hours more are to spare for local mean times. */
const OFFSET_MAX_SEC = 16 * 3_600;
/** The most that a clock was set back is 23 hours (Kwajalein 1969). */
const SET_BACK_MAX_SEC = DAY_SEC;
const WINDOW_SEC = 2 * DAY_SEC;

export function nextFireSec(line: CompiledLine, zone: Zone, afterSec: number): number | null {
  return line.realTime ? nextInRealTimeSec(line, zone, afterSec) : nextFixedSec(line, zone, afterSec);
}

function nextFixedSec(line: CompiledLine, zone: Zone, afterSec: number): number | null {
  const localSec = nextLocalSec(line, reachedLocalSec(zone, afterSec) + 1);
  return localSec === null ? null : firstReachedSec(zone, localSec);
}

/** The latest local time that the clock has shown by then: not the current one while an hour repeats. */
function reachedLocalSec(zone: Zone, instantSec: number): number {
  const stretches = zone.stretches(instantSec - SET_BACK_MAX_SEC, instantSec);
  return Math.max(...stretches.map((stretch) => stretch.endSec - 1 + stretch.offsetSec));
}

function firstReachedSec(zone: Zone, localSec: number): number {
  const throughSec = localSec + OFFSET_MAX_SEC;
  for (const { startSec, endSec, offsetSec } of zone.stretches(localSec - OFFSET_MAX_SEC, throughSec)) {
    if (endSec + offsetSec > localSec) return Math.max(startSec, localSec - offsetSec);
  }
  return throughSec;
}

function nextInRealTimeSec(line: CompiledLine, zone: Zone, afterSec: number): number | null {
  let fromSec = afterSec + 1;
  for (let windows = 0; windows < REAL_TIME_WINDOWS_MAX; windows += 1) {
    const throughSec = fromSec + WINDOW_SEC;
    for (const { startSec, endSec, offsetSec } of zone.stretches(fromSec, throughSec)) {
      const localSec = nextLocalSec(line, startSec + offsetSec);
      if (localSec !== null && localSec - offsetSec < endSec) return localSec - offsetSec;
    }
    // Whatever the offset will be, the clock shows nothing that the line names before this.
    const laterSec = nextLocalSec(line, throughSec + 1 - OFFSET_MAX_SEC);
    if (laterSec === null) return null;
    fromSec = Math.max(throughSec + 1, laterSec - OFFSET_MAX_SEC);
  }
  return null;
}
