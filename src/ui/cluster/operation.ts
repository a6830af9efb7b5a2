import type { MemberAnswer } from '../api/cluster-answers.ts';

/** One operation of `xcron cluster` as a page offers it: what it is asked with, and what is said before and after. */
export interface Operation {
  readonly verb: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** A question. */
  readonly title: string;
  /** What will happen, sentence by sentence. */
  readonly says: readonly string[];
  /** On the button that does it. */
  readonly act: string;
  readonly danger?: true;
  /** What the node refuses with this code is done all the same, once that is said. */
  readonly insist?: { readonly code: string; readonly field: string; readonly words: string };
  readonly done: string;
}

export const transferTo = (nodeId: string): Operation => ({
  verb: 'transfer',
  input: { node_id: nodeId },
  title: `Let ${nodeId} lead?`,
  says: [
    `The leader brings ${nodeId} up to date and steps down for it.`,
    'Writes wait for some tens of milliseconds and are not lost. Nothing is sent twice.',
  ],
  act: `Let ${nodeId} lead`,
  done: `${nodeId} was elected.`,
});

export const drain = (nodeId: string): Operation => ({
  verb: 'drain',
  input: { node_id: nodeId },
  title: `Drain ${nodeId}?`,
  says: [
    `${nodeId} is given no more callbacks to send, and does not lead; if it leads now, another does.`,
    'What it has in hand it finishes. It stays a member, and keeps its vote.',
  ],
  act: `Drain ${nodeId}`,
  insist: {
    code: 'would_leave_no_sender',
    field: 'accept_no_sender',
    words: 'Drain it all the same: every fire waits until there is a node to send it',
  },
  done: `${nodeId} is drained.`,
});

export const undrain = (nodeId: string): Operation => ({
  verb: 'undrain',
  input: { node_id: nodeId },
  title: `Take ${nodeId} back?`,
  says: [`${nodeId} is given callbacks to send again, and may lead.`],
  act: `Take ${nodeId} back`,
  done: `${nodeId} sends again.`,
});

export const promote = (nodeId: string): Operation => ({
  verb: 'promote',
  input: { node_id: nodeId },
  title: `Make ${nodeId} a voter?`,
  says: [`${nodeId} counts for the majority from then on. It is refused while it has not caught up.`],
  act: `Make ${nodeId} a voter`,
  done: `${nodeId} is a voter.`,
});

export const remove = ({ node_id: nodeId, kind }: MemberAnswer): Operation => ({
  verb: 'remove',
  input: { node_id: nodeId },
  title: `Remove ${nodeId}?`,
  says: [
    `${nodeId} is no member any more and hears nothing of the cluster; what it had claimed is sent by others.`,
    ...(kind === 'voter' ? ['It is a voter: the majority is counted without it.'] : []),
    'To come back it has to be taken in anew.',
  ],
  act: `Remove ${nodeId}`,
  danger: true,
  insist: {
    code: 'would_lose_majority',
    field: 'accept_lost_majority',
    words: 'Remove it all the same: nothing can be agreed on until voters are back',
  },
  done: `${nodeId} is removed.`,
});

export const addMember = (nodeId: string, instance: string, kind: 'learner' | 'worker'): Operation => ({
  verb: 'add',
  input: { node_id: nodeId, instance, kind },
  title: `Take in ${nodeId}?`,
  says: [
    kind === 'worker'
      ? `${nodeId} gets the log and sends callbacks. It never votes.`
      : `${nodeId} gets the log, and becomes a voter by itself once it has caught up.`,
    'An empty node that is started with --join is taken in without this.',
  ],
  act: `Take in ${nodeId}`,
  done: `${nodeId} is a member.`,
});

export const pauseScheduling: Operation = {
  verb: 'pause',
  input: {},
  title: 'Pause all scheduling?',
  says: [
    'No task of the whole cluster fires until it is resumed, and no attempt is repeated. Once this is answered, nothing is sent.',
    'Tasks can be created and changed meanwhile.',
  ],
  act: 'Pause all scheduling',
  danger: true,
  done: 'All scheduling is paused: nothing is sent.',
};

export const resumeScheduling: Operation = {
  verb: 'resume',
  input: {},
  title: 'Resume all scheduling?',
  says: [
    'Tasks fire again. Of what fell due more than ten seconds ago, each task sends the latest alone; what is passed over stands in its events.',
  ],
  act: 'Resume all scheduling',
  done: 'Scheduling goes on.',
};

export const snapshot = (nodeId: string): Operation => ({
  verb: 'snapshot',
  input: { node_id: nodeId },
  title: `Snapshot on ${nodeId}?`,
  says: [
    `${nodeId} copies its state to its disk, and its log forgets what the copy and the other members hold.`,
    'Events of before can then not be told any more by this node.',
  ],
  act: 'Make the snapshot',
  done: 'The state is copied, and the log is shorter.',
});

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export const setLogLevel = (nodeId: string, level: string): Operation => ({
  verb: 'log-level',
  input: { node_id: nodeId, level },
  title: `Log ${level} on ${nodeId}?`,
  says: [`${nodeId} logs lines of ${level} and what is more severe, until it is restarted.`],
  act: `Log ${level}`,
  done: `${nodeId} logs ${level}.`,
});

export const setTrace = (nodeId: string, on: boolean): Operation => ({
  verb: 'trace',
  input: { node_id: nodeId, on },
  title: on ? `Trace consensus on ${nodeId}?` : `Stop tracing on ${nodeId}?`,
  says: on
    ? [
        `${nodeId} keeps what consensus is told and answers, in memory, for the debugger. It costs a little of its speed.`,
      ]
    : ['What was kept is forgotten.'],
  act: on ? 'Begin to trace' : 'Stop tracing',
  done: on ? `${nodeId} traces.` : `${nodeId} does not trace any more.`,
});
