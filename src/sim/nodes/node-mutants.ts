import { type Mutant, mutant } from '../mutant.ts';

/** Bugs of the production nodes: some that were found in them, and some that their promises stand against. */

const ACKNOWLEDGING = 'src/node/acknowledging.ts';
const CLUSTER_TIME = 'src/node/cluster-time.ts';
const DUTIES = 'src/node/leader-duties.ts';
const FIRING = 'src/node/firing.ts';
const LEFT_IN_LOG = 'src/node/left-in-log.ts';
const READS = 'src/node/reads.ts';
const REPLICA = 'src/node/replica.ts';
const REPORTING = 'src/node/reporting.ts';
const SENDING = 'src/node/sending.ts';
const SUBMITTING = 'src/node/submitting.ts';
const THROUGH_LEADER = 'src/node/through-leader.ts';
const CLAIM = 'src/tasks/claim.ts';
const DECIDE = 'src/tasks/decide.ts';
const OUTCOME = 'src/tasks/outcome.ts';
const PRECONDITION = 'src/tasks/precondition.ts';

const SILENCE: readonly Mutant[] = [
  {
    name: 'requests leave without a send lease',
    from: 'I6',
    patches: [
      {
        file: SENDING,
        find: 'if (inHand.superseded || !lease.isHeld) return false;',
        put: 'if (inHand.superseded) return false;',
      },
      {
        file: SENDING,
        find: 'if (lease.isHeld) this.#send(task, execution, inHand);',
        put: 'if (lease.isHeld || inHand.attempt > 0) this.#send(task, execution, inHand);',
      },
    ],
  },
  mutant(
    'a pause that is applied stops nothing that is in hand',
    'I6',
    SENDING,
    'for (const inHand of this.#byTask.get(event.taskId) ?? []) this.#supersede(inHand);',
    '',
  ),
  mutant(
    'a cancel is acknowledged without waiting for those who hold claims',
    'I6',
    ACKNOWLEDGING,
    'if (this.#areSilent(holders, index)) return Promise.resolve(true);',
    'if (index >= 0 || this.#areSilent(holders, index)) return Promise.resolve(true);',
  ),
  mutant(
    'a lease is taken for over when it began just now',
    'I6',
    ACKNOWLEDGING,
    'return this.#core.monotonicMs - Math.max(this.#leadingSinceMs, saidMs) > SEND_LEASE_OVER_MS;',
    'return this.#core.monotonicMs - Math.max(this.#leadingSinceMs, saidMs) > -SEND_LEASE_OVER_MS;',
  ),
  mutant(
    'a new leader takes what it has not counted for nothing',
    'I6',
    FIRING,
    'if (!this.#active || taskId === null || this.#firingSinceMs > sinceMs) return null;',
    'if (taskId === null) return null;',
  ),
];

const AHEAD: readonly Mutant[] = [
  mutant(
    'a claim made ahead of its time is sent at once',
    'design §4 Look-ahead',
    SENDING,
    'if (isClaimedAhead(execution)) this.#hold(',
    'if (isClaimedAhead(execution) && attempt < 0) this.#hold(',
  ),
  mutant(
    'a schedule that is replaced leaves what was claimed for it',
    'design §4 Look-ahead',
    DECIDE,
    'return open.filter((execution) => isYetToCome(execution, nowOf(context)));',
    'return open.filter((execution) => isYetToCome(execution, Number.POSITIVE_INFINITY));',
  ),
];

const CLAIMS: readonly Mutant[] = [
  mutant(
    'a claim of another incarnation is sent',
    'case 33',
    SENDING,
    '    if (nodeId !== self.nodeId || incarnation !== self.incarnation) return false;\n',
    '    if (nodeId !== self.nodeId) return false;\n',
  ),
  mutant(
    'a due time may be claimed twice',
    'I5',
    PRECONDITION,
    "return task?.state === 'scheduled' && task.nextAtMs === precondition.dueAtMs;",
    "return task?.state === 'scheduled';",
  ),
  {
    ...mutant(
      'a paused task may be claimed',
      'I5',
      PRECONDITION,
      "return task?.state === 'scheduled' && task.nextAtMs === precondition.dueAtMs;",
      'return task?.nextAtMs === precondition.dueAtMs;',
    ),
    // It takes a pause between the decision on a claim and its commit.
    script: 'test/tasks/claims-in-flight.test.ts',
  },
  mutant(
    'a run’s number may be taken twice',
    'I5',
    PRECONDITION,
    'return state.task(precondition.taskId)?.runCount === precondition.run - 1;',
    'return state.task(precondition.taskId) !== undefined;',
  ),
  mutant(
    'a claim counts twice against its target',
    'I10',
    'src/node/targets.ts',
    '    if (runs.has(run)) return;\n',
    '    this.#open += 1;\n',
  ),
];

const TIMES: readonly Mutant[] = [
  mutant(
    'cluster time is that of one clock',
    'design §4 Time',
    CLUSTER_TIME,
    'return Math.min(Math.max(runningMs, lower), upper);',
    'return clock.nowMs() + 0 * runningMs;',
  ),
  mutant(
    'a misfire rewinds the due time',
    'I3',
    CLAIM,
    'nextAtMs: planner.nextFireMs(schedule, scheduledAtMs),',
    'nextAtMs: planner.nextFireMs(schedule, dueAtMs),',
  ),
  mutant(
    'an update that meets a fire repeats its due time',
    'I5',
    DECIDE,
    "if (event.value.type === 'TaskUpdated' && task.state === 'scheduled' && task.nextAtMs !== null)",
    "if (event.value.type === 'TaskCancelled' && task.state === 'scheduled' && task.nextAtMs !== null)",
  ),
  mutant(
    'due times that were passed over are not told',
    'I7',
    CLAIM,
    'if (scheduledAtMs > dueAtMs) {',
    'if (scheduledAtMs > nowMs) {',
  ),
  mutant(
    'a resumed task leaves its waiting executions where they are',
    'I7',
    FIRING,
    '        this.#window.refreshOpenRuns(event.taskId);\n',
    '',
  ),
];

const OUTCOMES: readonly Mutant[] = [
  mutant('plan B never', 'I7', DUTIES, 'const looked = anyLost ?', 'const looked = anyLost && round < 0 ?'),
  mutant(
    'at-most-once is sent again after a node was lost',
    'I7',
    OUTCOME,
    "if (delivery === 'at_most_once') return { type: 'ExecutionDoubted', ...where, error: 'node_lost' };",
    '',
  ),
  mutant(
    'at-most-once is sent again when nobody knows whether it arrived',
    'I7',
    OUTCOME,
    "if (delivery === 'at_most_once' && sent) return { type: 'ExecutionDoubted', ...where, error };",
    '',
  ),
  {
    name: 'the outcome of an attempt that was superseded is taken for that of the next',
    from: 'I5',
    patches: [
      {
        file: PRECONDITION,
        find: "return execution?.state === 'attempting' && execution.attempts.at(-1)?.number === precondition.attempt;",
        put: "return execution?.state === 'attempting';",
      },
      {
        file: REPORTING,
        find: '    if (execution.attempts.at(-1)?.number !== attempt) return true;\n',
        put: '',
      },
    ],
  },
  mutant(
    'what became of an attempt is reported once',
    'I7',
    SENDING,
    'while (!inHand.over && !this.#isLeft(inHand)) {',
    'for (let told = 0; told < 1 && !inHand.over && !this.#isLeft(inHand); told += 1) {',
  ),
  mutant(
    'what was withheld has failed',
    'I6',
    OUTCOME,
    "return {\n        type: 'AttemptWithheld',\n        ...where,\n        nextAttemptAtMs: Math.max(nowMs + (outcome.changed ? 0 : WITHHELD_PAUSE_MS), notBeforeMs(execution)),\n      };",
    "return { type: 'ExecutionSucceeded', ...where, startedAtMs: nowMs, endedAtMs: nowMs, status: 200, error: null, excerpt: null };",
  ),
];

const ANSWERS: readonly Mutant[] = [
  mutant(
    'a command’s id is forgotten',
    'design §4 Unknown outcomes',
    SUBMITTING,
    'if (commandId === null) return pair;',
    'if (commandId === null || pair.events.length > 0) return pair;',
  ),
  mutant(
    'a write is acknowledged when its leader has it on disk',
    'I1',
    'src/raft/replicating.ts',
    'return reached >= leading.termStartIndex ? reached : 0;',
    'return Math.max(reached, core.durableIndex);',
  ),
  mutant(
    'a read is answered from what is there',
    'case 18',
    READS,
    'const ready = replica.readBarrier();',
    'const ready = Promise.resolve(replica.appliedIndex >= 0);',
  ),
  mutant(
    'a write that may have been done is said not to be',
    'case 22',
    THROUGH_LEADER,
    "return asked.sent ? errand.unknown(null) : errand.unavailable('no_leader');",
    "return errand.unavailable('no_leader');",
  ),
  mutant(
    'what a deposed leader has in its log is taken for refused',
    'case 22',
    'src/node/proposal-queue.ts',
    "if (onceDeposed === 'doubt') settle({ kind: 'unknown' });",
    "if (onceDeposed === 'doubt') settle({ kind: 'refused', why: 'no_leader' });",
  ),
  mutant(
    'what stands behind an entry that commits is taken for lost',
    'case 22',
    LEFT_IN_LOG,
    'if (pair.index > index && pair.term >= term) return true;',
    '',
  ),
  mutant(
    'another entry at the same index is taken for what was left there',
    'case 22',
    LEFT_IN_LOG,
    'if (pair.index === index && pair.term === term) {',
    'if (pair.index === index) {',
  ),
  {
    name: 'whoever leads carries a question out, and any answer to it counts',
    from: 'I5',
    patches: [
      {
        file: 'src/node/node.ts',
        find: 'mayDecide: (term) => leadership.mayDecide && leadership.term === term,',
        put: 'mayDecide: () => leadership.mayDecide,',
      },
      {
        file: 'src/node/asking-leader.ts',
        find: "if (answer.type === 'not-leading' || this.#pending.get(askId)?.sentTerm !== term) return;",
        put: "if (answer.type === 'not-leading' || term < 0) return;",
      },
    ],
  },
  {
    name: 'a node whose disk failed shows old state while others go on',
    from: 'I1',
    patches: [
      {
        file: REPLICA,
        find: 'return decided && this.appliedIndex >= durableIndex;',
        put: "return decided || this.#ended === 'storage_failed' || durableIndex < 0;",
      },
    ],
  },
  mutant(
    'what is not in memory is taken for absent',
    'I4',
    'src/node/applying.ts',
    'if (missing.length > 0) {',
    'if (missing.length > 1_000) {',
  ),
  mutant(
    'a command meets a task that has come to its end',
    'I5',
    PRECONDITION,
    'return task?.version === precondition.version && task.finishedAtMs === null;',
    'return task?.version === precondition.version;',
  ),
];

export const NODE_MUTANTS: readonly Mutant[] = [...SILENCE, ...AHEAD, ...CLAIMS, ...TIMES, ...OUTCOMES, ...ANSWERS];
