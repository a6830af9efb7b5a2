import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { parseCidrs } from '../../src/dispatch/address-guard.ts';
import { checkCallbackUrl } from '../../src/dispatch/callback-url.ts';
import { createHttpServer } from '../../src/http/server.ts';
import type { SchedulerNode } from '../../src/node/api.ts';
import type { Task } from '../../src/tasks/task.ts';

/**
 * What the HTTP room costs above node:http: createTask a second at 64 keep-alive connections over a node that commits at once, as
 * a ratio to a bare server that answers the same bytes. Rounds alternate, since the machine's speed drifts; the median pair counts.
 *
 *   node ops/bench/http.ts
 */
const CONNECTIONS = 64;
const ROUND_MS = 2_000;
const ROUNDS = 5;
const RATIO_MIN = 0.6;

const BODY =
  '{"type":1,"format":"*/5 * * * *","callback":{"url":"https://example.com/hook","body":{"hello":"world","n":12345}}}';
const REQUEST = [
  'POST /xcron/createTask HTTP/1.1',
  'host: 127.0.0.1',
  'content-type: application/json',
  `content-length: ${BODY.length}`,
  '',
  BODY,
].join('\r\n');
const ANSWER = '{"uuid":"00000000-0000-4000-8000-000000000000","code":0,"data":{"task_id":"289057701458138645"}}';

interface Round {
  readonly perSecond: number;
  /** Of this process, which serves: told because other work on the machine moves it less than the rate. */
  readonly cpuMicros: number;
}
interface Pair {
  readonly bare: Round;
  readonly ours: Round;
}
const shown = ({ perSecond, cpuMicros }: Round): string =>
  `${Math.round(perSecond).toLocaleString('en')}/s (${cpuMicros.toFixed(1)} µs CPU)`;
const ratioOf = ({ bare, ours }: Pair): number => ours.perSecond / bare.perSecond;

if (process.send === undefined) await runBench();
else process.on('message', (port) => void loadRound(Number(port)).then((round) => process.send?.(round)));

async function runBench(): Promise<void> {
  const load = fork(import.meta.filename);
  const measure = (port: number): Promise<Round> =>
    new Promise((resolve) => {
      const cpuBefore = process.cpuUsage();
      load.once('message', (told) => {
        const { answers, perSecond } = told as { readonly answers: number; readonly perSecond: number };
        const { user, system } = process.cpuUsage(cpuBefore);
        resolve({ perSecond, cpuMicros: (user + system) / answers });
      });
      load.send(port);
    });
  const bare = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': ANSWER.length });
      response.end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const { port: barePort } = bare.address() as AddressInfo;
  const ours = serveOurs();
  const { port } = await ours.listen('127.0.0.1', 0);
  await measure(barePort);
  await measure(port);
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    pairs.push({ bare: await measure(barePort), ours: await measure(port) });
  }
  load.disconnect();
  bare.closeAllConnections();
  bare.close();
  await ours.close();
  pairs.sort((a, b) => ratioOf(a) - ratioOf(b));
  for (const pair of pairs) {
    console.log(`node:http ${shown(pair.bare)}  xcron ${shown(pair.ours)}  ${ratioOf(pair).toFixed(2)}`);
  }
  const median = pairs[ROUNDS >> 1];
  const ratio = median === undefined ? 0 : ratioOf(median);
  console.log(`median ratio ${ratio.toFixed(2)}, wanted at least ${RATIO_MIN}`);
  process.exitCode = ratio >= RATIO_MIN ? 0 : 1;
}

function serveOurs() {
  const none = parseCidrs([]);
  if (!none.ok) throw new Error(none.error.message);
  const rules = { allowLoopback: true, allow: none.value, deny: none.value, own: [], localAddresses: [] };
  const task = { taskId: '289057701458138645' } as unknown as Task;
  const committed = Promise.resolve({ outcome: 'committed', task, created: true } as const);
  const node = { submit: () => committed } as unknown as SchedulerNode;
  return createHttpServer({
    node,
    callbackRules: {
      refuseUrl(url) {
        const checked = checkCallbackUrl(url, rules);
        return checked.ok ? null : checked.error.message;
      },
      refuseHeaders: () => [],
    },
    token: null,
    logger: pino({ level: 'silent' }),
    host: { logLevel: () => 'silent', setLogLevel: () => {} },
    clock: systemClock,
    defaults: { timezone: 'UTC' },
    version: 'bench',
  });
}

/** Raw sockets: the client is to cost little, so that the server is what is measured. */
async function loadRound(port: number): Promise<{ readonly answers: number; readonly perSecond: number }> {
  const startedMs = performance.now();
  let answers = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
      let text = '';
      socket.setNoDelay(true);
      socket.on('error', reject);
      socket.on('close', resolve);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        // Each answer ends with the only such pair of braces.
        if (!text.endsWith('"}}')) return;
        if (!text.startsWith('HTTP/1.1 200') || !text.includes('"code":0')) return reject(new Error(text));
        text = '';
        answers += 1;
        if (performance.now() - startedMs < ROUND_MS) socket.write(REQUEST);
        else socket.destroy();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return { answers, perSecond: answers / ((performance.now() - startedMs) / 1_000) };
}
