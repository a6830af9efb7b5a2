import type { MoveLine, StepLine } from '../trace/format.ts';

/** What one node has to show since somebody last looked. */
export interface TracePage {
  /** The start of the node's process that numbered the lines. */
  readonly epoch: number;
  /** What was passed over: not kept any more, or more than is carried at once. */
  readonly skipped: number;
  readonly lines: readonly (StepLine | MoveLine)[];
}

/** Where somebody stopped looking. */
export interface TracePlace {
  readonly epoch: number;
  readonly line: number;
}
