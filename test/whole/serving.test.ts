import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './serving.ts';

const LOOK_MS = 100;
/** Timers and the clock round, each by less than this. */
const ROUNDING_MS = 2;

test('whoever waits leaves the loop to what it waits for, at least as long as each look took', async () => {
  const looks: { readonly beganMs: number; readonly endedMs: number }[] = [];
  await until(
    () => {
      const beganMs = performance.now();
      let endedMs = beganMs;
      while (endedMs - beganMs < LOOK_MS) endedMs = performance.now();
      looks.push({ beganMs, endedMs });
      return looks.length === 3;
    },
    () => `${looks.length} looks`,
  );
  for (const [at, { beganMs }] of looks.slice(1).entries()) {
    const leftMs = beganMs - (looks[at]?.endedMs ?? 0);
    assert.ok(leftMs > LOOK_MS - ROUNDING_MS, `a look of ${LOOK_MS} ms left the loop for ${leftMs} ms`);
  }
});

test('waiting in vain says for what', async () => {
  const inVain = until(
    () => false,
    async () => 'nothing came',
    1,
  );
  await assert.rejects(inVain, /^Error: waited 1 ms in vain: nothing came$/);
});
