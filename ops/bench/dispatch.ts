import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { systemClock } from '../../src/clock.ts';
import { createAddressGuard, parseCidrs } from '../../src/dispatch/address-guard.ts';
import { createSender } from '../../src/dispatch/sender.ts';

/**
 * What the sender costs above undici: POSTs a second to a sink in a child process, 64 connections, as a ratio to a bare loop on
 * undici's Pool. Rounds alternate, since the machine's speed drifts; the median pair counts.
 *
 *   node ops/bench/dispatch.ts
 */
const CONNECTIONS = 64;
const ROUND_MS = 2_000;
const ROUNDS = 5;
const RATIO_MIN = 0.6;
const rate = (perSecond: number): string => `${Math.round(perSecond).toLocaleString('en')}/s`;
const ratio = (of: number, to: number): string => (of / to).toFixed(2);
const BODY = '{"hello":"world","n":12345}';

if (process.send !== undefined) runSink();
else await runBench();

function runSink(): void {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end('ok'));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') process.send?.(address.port);
  });
  process.on('disconnect', () => process.exit(0));
}

async function runBench(): Promise<void> {
  const sink = fork(import.meta.filename);
  const port = await new Promise<number>((resolve) => sink.once('message', (message) => resolve(Number(message))));
  const origin = `http://127.0.0.1:${port}`;
  const pairs: { readonly bare: number; readonly sender: number }[] = [];
  await bareRound(origin, 500);
  await senderRound(origin, 500);
  for (let round = 0; round < ROUNDS; round += 1) {
    pairs.push({ bare: await bareRound(origin, ROUND_MS), sender: await senderRound(origin, ROUND_MS) });
  }
  sink.disconnect();
  pairs.sort((a, b) => a.sender / a.bare - b.sender / b.bare);
  for (const { bare, sender } of pairs)
    console.log(`undici ${rate(bare)}  sender ${rate(sender)}  ${ratio(sender, bare)}`);
  const median = pairs[ROUNDS >> 1] ?? { bare: 1, sender: 0 };
  console.log(`median ratio ${ratio(median.sender, median.bare)}, wanted at least ${RATIO_MIN}`);
  process.exitCode = median.sender / median.bare >= RATIO_MIN ? 0 : 1;
}

/** Runs CONNECTIONS loops of `once` for a time; requests a second. */
async function measure(forMs: number, once: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - startedMs < forMs) {
      await once();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  return count / ((performance.now() - startedMs) / 1000);
}

async function bareRound(origin: string, forMs: number): Promise<number> {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const headers = ['content-type', 'application/json'];
  const perSecond = await measure(
    forMs,
    () =>
      new Promise((resolve, reject) => {
        pool.dispatch(
          { path: '/hook', method: 'POST', headers, body: BODY },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData() {},
            onResponseEnd: () => resolve(),
            onResponseError: (_c, error) => reject(error),
          },
        );
      }),
  );
  await pool.close();
  return perSecond;
}

async function senderRound(origin: string, forMs: number): Promise<number> {
  const none = parseCidrs([]);
  if (!none.ok) throw new Error(none.error.message);
  const { value: empty } = none;
  const guard = createAddressGuard({
    clock: systemClock,
    allowLoopback: true,
    allow: empty,
    deny: empty,
    ownAddresses: () => [],
  });
  const sender = createSender({ clock: systemClock, guard, userAgent: 'xcron/bench' });
  let key = 0;
  const perSecond = await measure(
    forMs,
    () =>
      new Promise((resolve, reject) => {
        key += 1;
        sender.send(
          {
            key: String(key),
            executionId: String(key),
            taskId: '289057701458138645',
            scheduledAtMs: 1_700_000_000_000,
            attempt: 1,
            term: 1,
            url: `${origin}/hook`,
            method: 'POST',
            headers: {},
            body: BODY,
            timeouts: { connectMs: 5_000, headersMs: 15_000, totalMs: 30_000 },
          },
          () => true,
          (outcome) => (outcome.kind === 'response' ? resolve() : reject(new Error(JSON.stringify(outcome)))),
        );
      }),
  );
  await sender.close(1_000);
  return perSecond;
}
