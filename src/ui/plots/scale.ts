/** The end of an axis: a round number that everything stays below. */
export function roundMax(value: number): number {
  if (!(value > 0)) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5, 10]) if (value <= step * magnitude) return Math.max(1, step * magnitude);
  return 10 * magnitude;
}

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value: number): string => (value < 10_000 ? plain.format(value) : compact.format(value));

export function milliseconds(value: number): string {
  if (value < 1_000) return `${plain.format(Math.round(value))} ms`;
  if (value < 60_000) return `${plain.format(value / 1_000)} s`;
  return `${plain.format(value / 60_000)} min`;
}

/** Points of a line from left to right, in parts where some are missing. `y` counts from the top. */
export function linePath(values: readonly (number | null)[], max: number, width: number, height: number): string {
  const step = width / Math.max(1, values.length);
  let path = '';
  let isDown = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const x = round((at + 0.5) * step);
    const y = round(height - (Math.min(value, max) / max) * height);
    // A single value between two that are missing is a short dash.
    const isAlone = !isDown && (values[at + 1] ?? null) === null;
    path += isAlone ? `M${round(x - step / 2)} ${y}H${round(x + step / 2)}` : `${isDown ? 'L' : 'M'}${x} ${y}`;
    isDown = true;
  }
  return path;
}

const round = (value: number): number => Math.round(value * 10) / 10;
