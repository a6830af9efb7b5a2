declare module 'virtual:statecharts' {
  import type { DrawnChart } from './drawn-chart.ts';
  export const charts: readonly DrawnChart[];
}
