import assert from 'node:assert/strict';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { CallbackOutcome, CallbackRequest } from '../../src/dispatch/callback.ts';
import type { Sender } from '../../src/dispatch/sender.ts';
import type { AttemptReport } from '../../src/node/peer-notes.ts';
import type { Replica } from '../../src/node/replica.ts';
import { type Lease, Sending } from '../../src/node/sending.ts';
import type { Projection, RunRef } from '../../src/store/projection.ts';
import { type Scenario, START_MS } from '../tasks/scenario.ts';

export interface Given {
  readonly request: CallbackRequest;
  readonly mayStillSend: () => boolean;
  readonly settled: (outcome: CallbackOutcome) => void;
}

export interface SendingOver {
  readonly sending: Sending;
  readonly given: readonly Given[];
  readonly reports: readonly AttemptReport[];
  readonly withheld: readonly string[];
}

/** A node that sends what the scenario's claims name: `n1` in its first incarnation. */
export function sendingOver(
  scenario: Scenario,
  clock: Clock = systemClock,
  lease: Lease = { isHeld: true, acquire: async () => true },
): SendingOver {
  const given: Given[] = [];
  const reports: AttemptReport[] = [];
  const withheld: string[] = [];
  const { state } = scenario;
  const self = { nodeId: 'n1', incarnation: 1, instance: 'i1' };
  state.putMeta({ ...state.meta(), nodes: { n1: { instance: 'i1', incarnation: 1, startedAtMs: START_MS } } });
  const projection: Partial<Projection> = {
    entities: state,
    missing: () => [],
    openClaims: async (after): Promise<readonly RunRef[]> =>
      after === null ? [{ taskId: scenario.taskId, run: 1 }] : [],
    readExecution: async (taskId, run) => state.execution(taskId, run),
  };
  const sending = new Sending({
    projection: projection as Projection,
    replica: {
      core: { role: { context: { term: 1 } } },
      wake: () => setImmediate(() => sending.turned()),
    } as unknown as Replica,
    sender: {
      send: (request: CallbackRequest, mayStillSend: () => boolean, settled: Given['settled']) =>
        given.push({ request, mayStillSend, settled }),
      withhold: (key: string) => withheld.push(key),
      waiting: 0,
    } as unknown as Sender,
    clock,
    self,
    lease,
    async report(report) {
      reports.push(report);
      scenario.outcome(report.run, report.outcome);
    },
    ended() {},
    failed: (error) => assert.fail(error),
  });
  return { sending, given, reports, withheld };
}
