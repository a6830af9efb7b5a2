import type { AnyStateMachine } from 'xstate';
import { attemptMachine } from './attempt.ts';
import { executionMachine } from './execution.ts';
import { nodeMachine } from './node.ts';
import { raftRoleMachine } from './raft-role.ts';
import { taskMachine } from './task.ts';

/** Every machine there is, for whoever draws them or walks their paths. */
export const machines: Readonly<Record<string, AnyStateMachine>> = {
  'raft-role': raftRoleMachine,
  task: taskMachine,
  execution: executionMachine,
  attempt: attemptMachine,
  node: nodeMachine,
};
