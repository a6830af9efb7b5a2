import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { systemClock } from '../../src/clock.ts';
import { createAddressGuard, parseCidrs } from '../../src/dispatch/address-guard.ts';
import { createSender } from '../../src/dispatch/sender.ts';

/**
 * What the sender costs above undici: POSTs a second to a sink in a child process, 64 connections, as a ratio to a bare loop on
 * undici's Pool. Rounds alternate, since the machine's speed drifts; the median pair counts. CPU time a
 * request is printed beside it: on a machine that others use, rates say more about them.
 *
 *   node ops/bench/dispatch.ts
 */
const CONNECTIONS = 64;
const ROUND_MS = 2_000;
const ROUNDS = 5;
const RATIO_MIN = 0.6;
interface Measured {
  readonly perSecond: number;
  /** Of this process, a request. */
  readonly cpuUs: number;
}

const shown = ({ perSecond, cpuUs }: Measured): string =>
  `${Math.round(perSecond).toLocaleString('en')}/s ${cpuUs.toFixed(0)} µs`;
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
  const pairs: { readonly bare: Measured; readonly sender: Measured }[] = [];
  await bareRound(origin, 500);
  await senderRound(origin, 500);
  for (let round = 0; round < ROUNDS; round += 1) {
    pairs.push({ bare: await bareRound(origin, ROUND_MS), sender: await senderRound(origin, ROUND_MS) });
  }
  sink.disconnect();
  const rateRatio = (pair: (typeof pairs)[number]): number => pair.sender.perSecond / pair.bare.perSecond;
  pairs.sort((a, b) => rateRatio(a) - rateRatio(b));
  for (const pair of pairs) {
    const cpu = (pair.bare.cpuUs / pair.sender.cpuUs).toFixed(2);
    console.log(
      `undici ${shown(pair.bare)}  sender ${shown(pair.sender)}  rate ${rateRatio(pair).toFixed(2)}  cpu ${cpu}`,
    );
  }
  const [median] = pairs.slice(ROUNDS >> 1);
  const ratio = median === undefined ? 0 : rateRatio(median);
  console.log(`median ratio of rates ${ratio.toFixed(2)}, wanted at least ${RATIO_MIN}`);
  process.exitCode = ratio >= RATIO_MIN ? 0 : 1;
}

/** Runs CONNECTIONS loops of `once` for a time; what a request took. */
async function measure(forMs: number, once: () => Promise<void>): Promise<Measured> {
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - startedMs < forMs) {
      await once();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  const cpu = process.cpuUsage(cpuBefore);
  const perSecond = count / ((performance.now() - startedMs) / 1000);
  return { perSecond, cpuUs: (cpu.user + cpu.system) / count };
}

async function bareRound(origin: string, forMs: number): Promise<Measured> {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const headers = ['content-type', 'application/json'];
  const measured = await measure(
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
  return measured;
}

async function senderRound(origin: string, forMs: number): Promise<Measured> {
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
  const measured = await measure(
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
  return measured;
}
