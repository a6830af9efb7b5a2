import { charts as drawn } from 'virtual:statecharts';
import type { DrawnChart } from './drawn-chart.ts';

/** Every machine, with a place for everything that is drawn of it. */
export const charts = drawn as readonly DrawnChart[];
