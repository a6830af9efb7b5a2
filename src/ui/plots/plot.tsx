import { useId } from 'preact/hooks';
import { linePath, roundMax } from './scale.ts';

/** What one plot draws: values by bucket, all of the same length. */
export interface PlotSeries {
  readonly name: string;
  readonly tone: 'accent' | 'good' | 'warn' | 'bad' | 'idle';
  readonly values: readonly (number | null)[];
}

export interface PlotProps {
  readonly title: string;
  /** What a person would say who looks at it. */
  readonly summary: string;
  /** `bars` stand on each other, `lines` each for itself. */
  readonly kind: 'bars' | 'lines';
  readonly series: readonly PlotSeries[];
  /** Of each bucket, oldest first. */
  readonly times: readonly string[];
  readonly format: (value: number) => string;
}

/** Of the drawing, not of the screen: it is stretched to its place, and what is written stands beside it. */
const WIDTH = 600;
const HEIGHT = 100;

export function Plot({ title, summary, kind, series, times, format }: PlotProps) {
  const id = useId();
  const max = roundMax(kind === 'bars' ? highestStack(series, times.length) : highest(series));
  return (
    <figure class="plot card">
      <figcaption class="plot-head">
        <h3 id={id}>{title}</h3>
        <ul class="legend">
          {series.map(({ name, tone }) => (
            <li key={name}>
              <svg class={`swatch plot-${tone}`} viewBox="0 0 10 10" aria-hidden="true">
                <rect width="10" height="10" rx="2" />
              </svg>
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="plot-area">
        <div class="plot-ticks" aria-hidden="true">
          <span>{format(max)}</span>
          <span>{max > 1 ? format(max / 2) : ''}</span>
          <span>{format(0)}</span>
        </div>
        <svg
          class="plot-drawing"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={summary}
        >
          {[0, 0.5, 1].map((at) => (
            <path key={at} class="plot-line-quiet" d={`M0 ${at * HEIGHT}H${WIDTH}`} />
          ))}
          {kind === 'bars' ? (
            <Bars series={series} max={max} count={times.length} />
          ) : (
            series.map(({ name, tone, values }) => (
              <path key={name} class={`plot-line plot-${tone}`} d={linePath(values, max, WIDTH, HEIGHT)} />
            ))
          )}
          {times.map((time, at) => (
            <rect
              key={time}
              class="plot-touch"
              x={(at * WIDTH) / times.length}
              width={WIDTH / times.length}
              height={HEIGHT}
            >
              <title>{tipOf(time, at, series, format)}</title>
            </rect>
          ))}
        </svg>
        <div class="plot-times" aria-hidden="true">
          <span>{times[0]}</span>
          <span>{times[Math.floor(times.length / 2)]}</span>
          <span>now</span>
        </div>
      </div>
    </figure>
  );
}

function Bars({
  series,
  max,
  count,
}: {
  readonly series: readonly PlotSeries[];
  readonly max: number;
  readonly count: number;
}) {
  const step = WIDTH / count;
  const below = new Array<number>(count).fill(0);
  return series.map(({ name, tone, values }) => {
    let d = '';
    for (const [at, value] of values.entries()) {
      if (value === null || value === 0) continue;
      const from = HEIGHT - ((below[at] ?? 0) / max) * HEIGHT;
      below[at] = (below[at] ?? 0) + value;
      const to = HEIGHT - ((below[at] ?? 0) / max) * HEIGHT;
      d += `M${at * step + step * 0.1} ${from}V${to}H${(at + 1) * step - step * 0.1}V${from}Z`;
    }
    return <path key={name} class={`plot-bar plot-${tone}`} d={d} />;
  });
}

function tipOf(time: string, at: number, series: readonly PlotSeries[], format: PlotProps['format']): string {
  const values = series.map(({ name, values: all }) => {
    const value = all[at] ?? null;
    return `${name}: ${value === null ? '–' : format(value)}`;
  });
  return `${time}\n${values.join('\n')}`;
}

const highest = (series: readonly PlotSeries[]): number =>
  Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));

const highestStack = (series: readonly PlotSeries[], count: number): number =>
  Math.max(
    0,
    ...Array.from({ length: count }, (_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0)),
  );
