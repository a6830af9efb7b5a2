import type { CompiledLine } from './compiled-line.ts';
import { evenStepOf, listInWords, ordinalInWords, rangesInWords, runsOf, strideOf, twoDigits } from './words.ts';

/** More clock times than this, or more in one hour than two, are said as minutes of hours. */
const CLOCK_TIMES_MAX = 6;
const CLOCK_TIMES_PER_HOUR_MAX = 2;

export function timesInWords(line: CompiledLine): string {
  const { seconds, minutes, hours } = line;
  const [second = 0] = seconds;
  if (seconds.length > 1) {
    return `${everyUnit(seconds, 'second', 'of every minute')}${ofMinutes(minutes)}${ofHours(hours, minutes)}`;
  }
  const few = minutes.length <= CLOCK_TIMES_PER_HOUR_MAX && minutes.length * hours.length <= CLOCK_TIMES_MAX;
  if (few)
    return `At ${listInWords(hours.flatMap((hour) => minutes.map((minute) => clockTime(hour, minute, second))))}`;
  const atSecond = second === 0 ? '' : ` at second ${second}`;
  if (minutes.length > 1)
    return `${everyUnit(minutes, 'minute', 'of every hour')}${atSecond}${ofHours(hours, minutes)}`;
  return oncePerHour(line);
}

function oncePerHour({ seconds: [second = 0], minutes: [minute = 0], hours }: CompiledLine): string {
  const step = evenStepOf(hours, 24);
  if (step !== null) {
    const parts = [minute === 0 ? '' : `minute ${minute}`, second === 0 ? '' : `second ${second}`].filter(Boolean);
    return `Every ${step === 1 ? 'hour' : `${step} hours`}${parts.length > 0 ? ` at ${parts.join(', ')}` : ''}`;
  }
  const [first = 0] = hours;
  const range = ` from ${clockTime(first, minute, second)} to ${clockTime(hours.at(-1) ?? 0, minute, second)}`;
  const stride = strideOf(hours);
  if (stride !== null) return `Every ${stride.step} hours${range}`;
  if (runsOf(hours).length === 1) return `Every hour${range}`;
  return `At ${listInWords(hours.map((hour) => clockTime(hour, minute, second)))}`;
}

function everyUnit(values: readonly number[], unit: 'second' | 'minute', whole: string): string {
  const step = evenStepOf(values, 60);
  if (step !== null) return step === 1 ? `Every ${unit}` : `Every ${step} ${unit}s`;
  const stride = strideOf(values);
  if (stride !== null) return `Every ${stride.step} ${unit}s from ${unit} ${stride.first} to ${stride.last} ${whole}`;
  return `At ${unit}s ${rangesInWords(values)} ${whole}`;
}

function ofMinutes(minutes: readonly number[]): string {
  if (minutes.length === 60) return '';
  if (minutes.length === 1) return `, in minute ${minutes[0]}`;
  const stride = strideOf(minutes);
  if (stride !== null) return `, in every ${ordinalInWords(stride.step)} minute from ${stride.first} to ${stride.last}`;
  return `, in minutes ${rangesInWords(minutes)}`;
}

function ofHours(hours: readonly number[], minutes: readonly number[]): string {
  if (hours.length === 24) return '';
  const [first = 0] = hours;
  if (hours.length === 1 && minutes.length === 1) return `, in hour ${first}`;
  // With one run of hours the first and the last fire say it best.
  if (runsOf(hours).length === 1) {
    return ` from ${clockTime(first, minutes[0] ?? 0, 0)} to ${clockTime(hours.at(-1) ?? 0, minutes.at(-1) ?? 0, 0)}`;
  }
  const stride = strideOf(hours);
  if (stride !== null) return `, in every ${ordinalInWords(stride.step)} hour from ${stride.first} to ${stride.last}`;
  return `, in hours ${rangesInWords(hours)}`;
}

function clockTime(hour: number, minute: number, second: number): string {
  return `${twoDigits(hour)}:${twoDigits(minute)}${second === 0 ? '' : `:${twoDigits(second)}`}`;
}
