/** `a`, `a and b`, `a, b and c`. */
export function listInWords(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** As in every second day; 21st, 22nd. */
export function ordinalInWords(value: number): string {
  const named = ['', 'first', 'second', 'third', 'fourth', 'fifth'][value] ?? '';
  if (named !== '') return named;
  const teen = value > 10 && value < 14;
  return `${value}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')}`;
}

/** `1, 2 and 4 to 10`. */
export function rangesInWords(values: readonly number[], named: (value: number) => string = String): string {
  return listInWords(
    runsOf(values).flatMap(([first, last]) => {
      if (last - first > 1) return [`${named(first)} to ${named(last)}`];
      return first === last ? [named(first)] : [named(first), named(last)];
    }),
  );
}

/** Neighbours joined. */
export function runsOf(values: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && value === last[1] + 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

export interface Stride {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** Fewer values than this are better listed. */
const STRIDE_VALUES_MIN = 5;

/** Values at one distance from each other, such as those of a step; null when they are few, neighbours, or irregular. */
export function strideOf(values: readonly number[]): Stride | null {
  const [first, second] = values;
  const last = values.at(-1);
  if (first === undefined || second === undefined || last === undefined) return null;
  const step = second - first;
  if (step === 1 || values.length < STRIDE_VALUES_MIN) return null;
  return values.every((value, index) => value === first + index * step) ? { first, last, step } : null;
}

/** The step, when it goes through the whole of a cycle of that length without a shorter last one. */
export function evenStepOf(values: readonly number[], cycle: number): number | null {
  const step = cycle / values.length;
  return Number.isInteger(step) && values.every((value, index) => value === index * step) ? step : null;
}
