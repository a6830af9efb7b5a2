import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { ATTEMPT_EVENTS, type AttemptState, attemptMachine } from '../../machines/attempt.ts';
import { attemptStateOf, createAttemptActor, nextAttemptState } from '../../src/dispatch/attempt-actor.ts';

test('the actor steps as the machine does, on every path', () => {
  const paths = getShortestPaths(attemptMachine, { events: ATTEMPT_EVENTS.map((type) => ({ type })) });
  assert.equal(paths.length, Object.keys(attemptMachine.states).length, 'every state is reached');
  for (const path of paths) {
    const actor = createAttemptActor();
    for (const { event } of path.steps) {
      const type = ATTEMPT_EVENTS.find((each) => each === event.type);
      if (type !== undefined) actor.send({ type });
    }
    assert.equal(attemptStateOf(actor), path.state.value);
    if (path.state.status === 'done') continue;
    for (const type of ATTEMPT_EVENTS) {
      const wanted = createActor(attemptMachine, {
        snapshot: attemptMachine.resolveState({ value: path.state.value }),
      }).start();
      wanted.send({ type });
      const next: AttemptState = nextAttemptState(path.state.value, type) ?? path.state.value;
      assert.equal(next, wanted.getSnapshot().value, `${type} in ${path.state.value}`);
    }
  }
});

test('nothing leaves a final state, and what was released is never withheld', () => {
  for (const state of ['responded', 'failed', 'withheld'] as const) {
    for (const type of ATTEMPT_EVENTS) assert.equal(nextAttemptState(state, type), null);
  }
  const reached = new Set<AttemptState>(['requesting']);
  for (const state of reached) {
    for (const type of ATTEMPT_EVENTS) {
      const next: AttemptState | null = nextAttemptState(state, type);
      if (next !== null) reached.add(next);
    }
  }
  assert.deepEqual([...reached].sort(), ['failed', 'reading', 'requesting', 'responded']);
});
