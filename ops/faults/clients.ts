import type { Random } from '../../src/sim/random.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { type Ledger, type TaskEntry, taskIdOf } from './ledger.ts';
import type { Sink } from './sink.ts';
import { restUnless } from './waiting.ts';

/** Clients of several kinds at once, all at bounded rates, until they are told that it is over. */
export interface ClientsOptions extends Omit<ClientOptions, 'isOver'> {
  readonly random: Random;
  readonly sink: Sink;
  readonly ledger: Ledger;
  /** Tasks that fire every second through the whole run, and those that come and go beside them. */
  readonly cronTasks: number;
  readonly passingTasks: number;
}

export interface Clients {
  /** No new work is begun; resolves when what is under way is known, or given up. */
  stop(): Promise<void>;
}

const EVERY_SECOND = '* * * * * *';
/** Never in the time of a run. */
const YEARLY = '0 0 1 1 *';
const ONCE_AHEAD_MS_MAX = 4_000;
const HEALTHY_MS = 3_000;

export async function startClients(options: ClientsOptions): Promise<Clients> {
  const { random, ledger, sink } = options;
  let isOver = false;
  const rest = (ms: number): Promise<void> => restUnless(() => isOver, ms);
  const client = createClient({ ...options, isOver: () => isOver });
  const lasting = Array.from({ length: options.cronTasks }, () => ledger.open('cron'));
  for (const entry of lasting) await client.create(entry, EVERY_SECOND);

  const loop = async (work: () => Promise<void>, everyMs: number): Promise<void> => {
    while (!isOver) {
      await work();
      await rest(random.between(0.5, 1.5) * everyMs);
    }
  };
  const oneShot = async (): Promise<void> => {
    const entry = ledger.open(random.chance(0.3) ? 'once-at-most' : 'once');
    const dueMs = Date.now() + Math.floor(random.between(0, ONCE_AHEAD_MS_MAX));
    await client.create(entry, new Date(dueMs).toISOString());
  };
  const working = [
    ...Array.from({ length: 2 }, () => loop(oneShot, 250)),
    ...Array.from({ length: 3 }, () => loop(() => useRegister(client, ledger, random), 50)),
    ...Array.from({ length: options.passingTasks }, () =>
      loop(() => passCron(client, ledger, sink, random, rest, () => isOver), 500),
    ),
    loop(async () => {
      const paused = random.pick(lasting);
      if (isHealthy(paused, sink)) await client.pauseFor(paused, random.between(500, 3_000));
    }, 8_000),
  ];
  return {
    async stop() {
      isOver = true;
      await Promise.all(working);
    },
  };
}

/** One task from its creation to its end, with several clients at it at once: whatever they see must fit together. */
async function useRegister(client: Client, ledger: Ledger, random: Random): Promise<void> {
  const entry = ledger.open('register');
  const creating = client.create(entry, YEARLY);
  if (random.chance(0.3)) await client.create(entry, YEARLY);
  if (!(await creating)) return;
  await Promise.all(Array.from({ length: 2 }, () => client.read(entry)));
  const ends = [client.cancel(entry), client.read(entry), client.read(entry)];
  if (random.chance(0.5)) ends.push(client.cancel(entry));
  await Promise.all(ends);
  await client.read(entry);
}

/** A task that fires every second for a while and is cancelled under way. */
async function passCron(
  client: Client,
  ledger: Ledger,
  sink: Sink,
  random: Random,
  rest: (ms: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const entry = ledger.open('cron');
  if (!(await client.create(entry, EVERY_SECOND))) return;
  await rest(random.between(500, 20_000));
  // What is cancelled while nothing goes out would excuse everything before it.
  while (!isHealthy(entry, sink) && !isOver()) await rest(HEALTHY_MS / 10);
  await client.cancel(entry);
  await client.read(entry);
}

function isHealthy(entry: TaskEntry, sink: Sink): boolean {
  const taskId = taskIdOf(entry);
  const secondMs = Math.floor(Date.now() / 1_000) * 1_000;
  for (let dueMs = secondMs; dueMs > secondMs - HEALTHY_MS; dueMs -= 1_000) {
    if (taskId !== null && sink.firstAtMs(taskId, dueMs) !== undefined) return true;
  }
  return false;
}
