import { machines } from '../../machines/all.ts';
import { chartOf } from '../../machines/chart.ts';
import type { DrawnChart } from '../../src/ui/debug/drawn-chart.ts';
import { drawChart } from './layout.ts';

/** Every machine, drawn. */
export const drawAll = (): Promise<readonly DrawnChart[]> =>
  Promise.all(Object.entries(machines).map(([name, machine]) => drawChart(chartOf(name, machine))));
