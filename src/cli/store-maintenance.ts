import { resolve } from 'node:path';
import {
  checkStore,
  describeDamage,
  type PossiblePlan,
  rebuildState,
  type StoreDamage,
  type StoreReport,
  type TruncationPlan,
  truncateStore,
  type VerifyReport,
  verifyState,
} from '../node/maintenance.ts';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { sayStorageTrouble, storageTrouble } from './storage-failure.ts';
import { printable, type Terminal } from './terminal.ts';

export interface TruncateFlags {
  readonly dataDir: string;
  readonly acceptLoss?: true;
}

const WILL_START: readonly StoreReport['kind'][] = ['whole', 'absent', 'unfinished-install'];

/** 0 whole or nothing there yet, 74 anything that a node would not start on. */
export async function check(
  { dataDir, json }: { readonly dataDir: string; readonly json?: true },
  { terminal }: Asked,
): Promise<ExitCode> {
  return onStore(terminal, () => {
    const report = checkStore(dataDir);
    if (json === true) terminal.out(JSON.stringify(withoutRows(report)));
    else for (const line of reportInWords(report, dataDir)) terminal.out(line);
    return WILL_START.includes(report.kind) ? EXIT.done : EXIT.storage;
  });
}

export async function truncate({ dataDir, acceptLoss }: TruncateFlags, { terminal }: Asked): Promise<ExitCode> {
  return onStore(terminal, () => {
    const done = truncateStore(dataDir, { acceptLoss: acceptLoss === true, nowMs: Date.now() });
    if (!done.ok) {
      const { error } = done;
      if (error.code !== 'nothing_to_lose' && error.report !== undefined) {
        for (const line of reportInWords(error.report, dataDir)) terminal.out(line);
      }
      terminal.err(`xcron: nothing was changed: ${printable(error.message)}`);
      return error.code === 'impossible' ? EXIT.storage : EXIT.refused;
    }
    if (done.value.kind === 'resumed') {
      terminal.out('An earlier truncation had been cut short; it is complete now.');
      return EXIT.done;
    }
    const { plan, lastIndex, entriesLostAtLeast, damagedCopy } = done.value;
    terminal.out(`The log now ends at entry ${lastIndex}; at least ${entriesLostAtLeast} entries are lost.`);
    terminal.out(planInWords(plan, 'done'));
    if (plan.kind === 'rest-on-projection') {
      terminal.out(
        'state.db is now the only copy of the tasks, until the log is next compacted: keep a backup of the directory.',
      );
    }
    terminal.out(`The files as they were: ${printable(damagedCopy)}`);
    return EXIT.done;
  });
}

export async function rebuild({ dataDir }: { readonly dataDir: string }, { terminal }: Asked): Promise<ExitCode> {
  return onStore(terminal, () => {
    const { from, appliedIndex } = rebuildState(dataDir);
    const beginning = from === 'log' ? 'from the first entry of the log' : `from the copy at entry ${appliedIndex}`;
    terminal.out(`The next start rebuilds the state ${beginning}.`);
    return EXIT.done;
  });
}

/** 0 the same, 74 anything else. */
export async function verify({ dataDir }: { readonly dataDir: string }, { terminal }: Asked): Promise<ExitCode> {
  return onStore(terminal, async () => {
    const report = await verifyState(dataDir, (text) => {
      if (terminal.errIsTty) terminal.err(text);
    });
    for (const line of verificationInWords(report, dataDir)) terminal.out(line);
    return report.kind === 'same' ? EXIT.done : EXIT.storage;
  });
}

function verificationInWords(report: VerifyReport, dataDir: string): readonly string[] {
  const at = printable(resolve(dataDir));
  switch (report.kind) {
    case 'same':
    case 'different': {
      const { index, rebuiltFrom, entries, recorded, rebuilt } = report;
      const from = rebuiltFrom === 'log' ? 'from the log' : 'from the copy made at the last compaction, and the log';
      return [
        `${at}: rebuilt ${from}, ${entries} entries replayed up to entry ${index}.`,
        report.kind === 'same'
          ? `State hash ${recorded}: the same.`
          : `State hash ${recorded} in the file, ${rebuilt} rebuilt: DIFFERENT. "xcron store rebuild" takes what the log says.`,
      ];
    }
    case 'rows-damaged':
      return [
        `${at}: DAMAGED. ${report.damagedRows} rows of the state are not as they were written: ${report.examples.map(printable).join(', ')}.`,
        '"xcron store rebuild" takes what the log says.',
      ];
    case 'out-of-reach':
      return [
        `${at}: every row of the state is as it was written, at entry ${report.index}.`,
        `It cannot be rebuilt for comparison: the log begins at entry ${report.logBegins}, and no copy reaches back to it.`,
      ];
  }
}

export async function onStore(terminal: Terminal, work: () => ExitCode | Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    const trouble = storageTrouble(error);
    if (trouble === null) throw error;
    return sayStorageTrouble(terminal, trouble);
  }
}

/** What the inspection holds beyond the damages is of use to the truncation alone. */
const withoutRows = (report: StoreReport): unknown => {
  if (report.kind !== 'damaged') return report;
  const { inspection: _, ...rest } = report;
  return rest;
};

function reportInWords(report: StoreReport, dataDir: string): readonly string[] {
  const at = printable(resolve(dataDir));
  switch (report.kind) {
    case 'absent':
      return [`${at}: no log was ever written here.`];
    case 'foreign':
      return [`${at}: ${printable(report.message)}`];
    case 'unfinished-truncation':
      return [`${at}: a truncation was cut short; "xcron store truncate --data-dir ${at}" completes it.`];
    case 'unfinished-install':
      return [`${at}: a snapshot was being put in place; the next start finishes that.`];
    case 'whole': {
      const { identity, firstIndex, lastIndex, lastTerm, sizeBytes, appliedIndex } = report;
      const entries =
        lastIndex < firstIndex ? 'no entries' : `entries ${firstIndex} to ${lastIndex}, the last of term ${lastTerm}`;
      return [
        `${at}: whole. Node ${identity.nodeId}, start ${identity.incarnation}.`,
        `Log: ${entries}, ${sizeBytes} bytes, every one read and verified.`,
        `State: ${appliedInWords(appliedIndex)}.`,
      ];
    }
    case 'damaged':
      return [
        `${at}: DAMAGED.`,
        ...report.damages.map((damage) => `  ${printable(damageInWords(damage))}`),
        `State: ${appliedInWords(report.appliedIndex)}.`,
        `Lost: at least ${report.entriesLostAtLeast} entries.`,
        planInWords(report.plan, 'offered'),
      ];
  }
}

function damageInWords(damage: StoreDamage): string {
  switch (damage.kind) {
    case 'projection-ahead':
      return `state.db applied entry ${damage.appliedIndex}, and the log ends at ${damage.lastIndex}`;
    case 'projection-behind':
      return `state.db ends at entry ${damage.appliedIndex}, and the log begins after ${damage.baseIndex}`;
    case 'projection-unreadable':
      return `state.db cannot be read: ${damage.reason}`;
    default:
      return describeDamage(damage);
  }
}

function appliedInWords(applied: Extract<StoreReport, { kind: 'whole' }>['appliedIndex']): string {
  switch (applied.kind) {
    case 'absent':
      return 'none yet; it is folded from the log at the next start';
    case 'unreadable':
      return `cannot be read (${printable(applied.reason)})`;
    case 'at':
      return `applied through entry ${applied.index}`;
  }
}

function planInWords(plan: TruncationPlan | PossiblePlan, when: 'offered' | 'done'): string {
  const would = when === 'offered' ? '"xcron store truncate --accept-loss" would: ' : '';
  switch (plan.kind) {
    case 'keep-prefix':
      return `${would}keep entries ${plan.base.index + 1} to ${plan.lastIndex}${
        plan.stateFile === 'set-aside' ? ', and rebuild the state from them' : ''
      }.`;
    case 'rest-on-projection':
      return `${would}keep the state as it was at entry ${plan.base.index}, and go on from there.`;
    case 'impossible':
      return `It cannot be truncated: ${printable(plan.reason)}. Put back a backup.`;
  }
}
