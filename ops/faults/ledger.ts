import type { Operation } from '../../src/sim/checks/linearizability.ts';
import type { TaskCall, TaskSeen } from '../../src/sim/checks/task-model.ts';

/** What the clients asked for and were told, task by task. Nothing here comes from a node's own mouth but its answers. */
export type TaskKind =
  /** Every second. */
  | 'cron'
  | 'once'
  | 'once-at-most'
  /** So far away that it never fires: for the histories. */
  | 'register';

export interface TaskEntry {
  readonly serial: number;
  readonly kind: TaskKind;
  readonly key: string;
  /** More than one would be a key that made two tasks. */
  readonly taskIds: Set<string>;
  /** Nothing is due before somebody asked for it. */
  readonly askedAtMs: number;
  /** The first time that it must be called; null until its creation is known. */
  firstDueMs: number | null;
  /** Scheduled times that may be missing: the task was being changed around them. */
  readonly excused: Span[];
  /** From its acknowledgement a change holds: nothing may be received. */
  readonly silent: Silence[];
  readonly history: Operation<TaskCall, TaskSeen>[];
}

export interface Span {
  readonly fromMs: number;
  untilMs: number;
}

export interface Silence extends Span {
  readonly why: 'cancelled' | 'paused' | 'scheduling paused';
}

export interface Ledger {
  readonly tasks: readonly TaskEntry[];
  open(kind: TaskKind): TaskEntry;
  /** How calls ended, by method and outcome. */
  readonly outcomes: ReadonlyMap<string, number>;
  count(outcome: string): void;
}

export function createLedger(seed: number): Ledger {
  const tasks: TaskEntry[] = [];
  const outcomes = new Map<string, number>();
  return {
    tasks,
    outcomes,
    open(kind) {
      const serial = tasks.length;
      const entry: TaskEntry = {
        serial,
        kind,
        key: `faults-${seed}-${serial}`,
        taskIds: new Set(),
        askedAtMs: Date.now(),
        firstDueMs: null,
        excused: [],
        silent: [],
        history: [],
      };
      tasks.push(entry);
      return entry;
    },
    count(outcome) {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
  };
}

export const taskIdOf = ({ taskIds }: TaskEntry): string | null => [...taskIds][0] ?? null;
