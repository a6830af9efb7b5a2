import type { RunReport } from './simulate.ts';

/** Fewer faults that break the same rule: a shorter story to read. */
export interface Shrunk {
  /** Numbers among the planned faults. */
  readonly faults: readonly number[];
  readonly report: RunReport;
  readonly tries: number;
}

const TRIES_MAX = 400;

/** Delta debugging (Zeller 2002): leaves out halves, then quarters, down to single faults, as long as the rule still breaks. */
export async function shrink(
  failed: RunReport,
  begun: readonly number[],
  run: (keepFaults: readonly number[]) => RunReport | Promise<RunReport>,
): Promise<Shrunk> {
  const rule = failed.failure?.rule;
  let tries = 0;
  let report = failed;
  const stillBreaks = async (keepFaults: readonly number[]): Promise<boolean> => {
    tries += 1;
    const tried = await run(keepFaults);
    if (tried.failure?.rule !== rule) return false;
    report = tried;
    return true;
  };
  let kept = begun;
  for (let size = Math.ceil(kept.length / 2); size >= 1 && tries < TRIES_MAX; ) {
    const without = await leaveOut(kept, size, async (fewer) => tries < TRIES_MAX && (await stillBreaks(fewer)));
    if (without === null) {
      if (size === 1) break;
      size = Math.ceil(size / 2);
    } else {
      kept = without;
      size = Math.min(size, Math.max(1, Math.ceil(kept.length / 2)));
    }
  }
  return { faults: kept, report, tries };
}

async function leaveOut(
  kept: readonly number[],
  size: number,
  stillBreaks: (fewer: readonly number[]) => Promise<boolean>,
): Promise<readonly number[] | null> {
  for (let from = 0; from < kept.length; from += size) {
    const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
    if (await stillBreaks(fewer)) return fewer;
  }
  return null;
}
