import type { StateMeta } from '../tasks/entities.ts';
import type { TaskId } from '../tasks/task.ts';
import type { ProjectionCounts } from './projection.ts';

/** The state before the first entry; the same on every node, since its hash is where the sum begins. */

export const NO_META: StateMeta = { lastTaskId: '0' as TaskId, logTimeMs: 0, nodes: {} };

export const NO_COUNTS: ProjectionCounts = {
  tasks: { scheduled: 0, paused: 0, completed: 0, cancelled: 0 },
  executions: 0,
};
