import type { TraceHeader } from '../../trace/format.ts';
import type { Debugger } from './debugger.ts';
import { LOOK_BACK_LINES } from './what-is-lit.ts';

/** Why of a machine no state is lit. Null where it is only not known yet. */
export function whyNothingIsLit(
  machine: string,
  header: Pick<TraceHeader, 'source' | 'made'>,
  seen: Pick<Debugger, 'folded' | 'task'>,
): string | null {
  const isSimulated = header.source === 'sim';
  if (machine === 'raft-role') return null;
  if (isSimulated && !header.made.includes('--nodes')) {
    return 'A trace of the consensus core alone has neither tasks nor the life of a node. One of whole nodes has: npm run sim -- --nodes --trace FILE';
  }
  if (machine === 'node') return null;
  return machine === 'attempt' ? noAttempt(isSimulated, seen.task) : noTask(machine, isSimulated, seen);
}

function noAttempt(isSimulated: boolean, task: string | null): string {
  if (isSimulated) {
    return 'The simulator sends nothing by itself: it stands in for sender and target, so no attempt has a machine here. Lines that say "sent" tell what left a node.';
  }
  const whose = task === null ? 'No attempt' : 'No attempt of the chosen task';
  return `${whose} moved in the ${LOOK_BACK_LINES.toLocaleString('en')} lines up to here.`;
}

const OLDER = 'A trace begins without the state: tasks made before it are not known.';

function noTask(machine: string, isSimulated: boolean, { folded, task }: Pick<Debugger, 'folded' | 'task'>): string {
  if (folded === null) return 'No entry is committed up to here.';
  const { tasks, older } = folded.state;
  if (task !== null) {
    if ([...older].some((id) => id === task)) return `The chosen task is older than this trace. ${OLDER}`;
    return [...tasks.keys()].some((id) => id === task)
      ? `Of the chosen task no ${machine} is known at this entry.`
      : 'The chosen task is not there at this entry.';
  }
  // A simulated trace begins with the world.
  if (tasks.size === 0) return isSimulated ? 'No task is known up to here.' : `No task is known up to here. ${OLDER}`;
  return `This entry changes no ${machine}. Choose a task, and how it stands is shown.`;
}
