import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { type CidrList, createAddressGuard, type OwnAddress, parseCidrs } from '../../src/dispatch/address-guard.ts';
import type { CallbackOutcome, CallbackRequest } from '../../src/dispatch/callback.ts';
import { createSender, type Sender, type SenderOptions } from '../../src/dispatch/sender.ts';

export function cidrs(...texts: string[]): CidrList {
  const parsed = parseCidrs(texts);
  assert.ok(parsed.ok);
  return parsed.value;
}

export const loopbackGuard = (allowLoopback = true, own: readonly OwnAddress[] = []) =>
  createAddressGuard({ clock: systemClock, allowLoopback, allow: cidrs(), deny: cidrs(), ownAddresses: () => own });

let keys = 0;

export function callback(url: string, change: Partial<CallbackRequest> = {}): CallbackRequest {
  keys += 1;
  return {
    key: `key-${keys}`,
    executionId: `execution-${keys}`,
    taskId: '289057701458138645',
    scheduledAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    attempt: 1,
    term: 7,
    url,
    method: 'POST',
    headers: {},
    body: '{}',
    timeouts: { connectMs: 5_000, headersMs: 10_000, totalMs: 20_000 },
    ...change,
  };
}

export function senderFor(t: TestContext, options: Partial<SenderOptions> = {}): Sender {
  const sender = createSender({ clock: systemClock, guard: loopbackGuard(), userAgent: 'xcron/test', ...options });
  t.after(() => sender.close(0));
  return sender;
}

/** The outcome; fails the test when there is a second one. */
export function outcomeOf(
  sender: Sender,
  request: CallbackRequest,
  mayStillSend = () => true,
): Promise<CallbackOutcome> {
  let settled = 0;
  return new Promise((resolve) => {
    sender.send(request, mayStillSend, (outcome) => {
      settled += 1;
      assert.equal(settled, 1, `settled ${settled} times: ${JSON.stringify(outcome)}`);
      resolve(outcome);
    });
  });
}

/** Waits for a condition; the bound only ends a test that would hang. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAtMs = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < giveUpAtMs, `never came true: ${what}`);
    await delay(2);
  }
}
