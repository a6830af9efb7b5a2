/** Made by ops/statecharts when the pages are built. */
declare module 'virtual:statecharts' {
  // A declaration like this one cannot name a type of another file: charts.ts says which.
  export const charts: readonly object[];
}
