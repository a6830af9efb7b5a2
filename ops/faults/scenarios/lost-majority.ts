import { type Answer, call } from '../call.ts';
import { until } from '../waiting.ts';
import { onScene, type Scenario } from './scenario.ts';

const REFUSED_MS_MAX = 5_000;
const BACK_MS_MAX = 60_000;
const TASK = { schedule: '0 0 1 1 *', callback: { url: 'http://127.0.0.1:9/' } };

export const lostMajority: Scenario = {
  name: 'lost-majority',
  goal: `two nodes of three dead: writes answer 503 with Retry-After in < ${REFUSED_MS_MAX} ms, the first of them perhaps 504, stale reads work, all recovers when one returns`,
  run: (stage) =>
    onScene(stage, {}, async ({ cluster }) => {
      const [survivor, second, third] = cluster.voters;
      if (survivor === undefined || second === undefined || third === undefined) throw new Error('three are needed');
      const { url } = survivor.node;
      const create = (): Promise<Answer> => call({ method: 'POST', url: `${url}/v1/tasks`, body: TASK });
      const created = await create();
      if (created.kind !== 'answered' || created.status !== 201) throw new Error('no task to read');
      const stalePath = `${url}/v1/tasks/${String(created.value.id)}?consistency=stale`;
      await Promise.all([second.node.end('SIGKILL'), third.node.end('SIGKILL')]);
      stage.say(`killed ${second.node.nodeId} and ${third.node.nodeId}`);

      const broken: string[] = [];
      // What a leader took just then may be committed yet, or never: that it is unknown is the truth.
      const atOnce = await create();
      await until(
        async () => !(await cluster.isReady(survivor)),
        () => 'the survivor still says that it is ready',
        BACK_MS_MAX,
      );
      const writes = [await create(), await create(), await create()];
      for (const write of [atOnce, ...writes]) {
        if (write.kind === 'answered') broken.push(`a write without a majority was answered ${write.status}`);
      }
      const stale = await call({ method: 'GET', url: stalePath });
      const readsStale = stale.kind === 'answered' && stale.status === 200;
      const beganMs = performance.now();
      second.node.start();
      await until(
        async () => (await create()).kind === 'answered',
        () => 'no write is taken though two of three are there',
        BACK_MS_MAX,
      );
      const backMs = performance.now() - beganMs;
      const refused = writes.filter((write) => write.kind === 'refused');
      return {
        figure: `writes: at once ${inWords(atOnce)}, then ${writes.map(inWords).join('; ')}; stale read ${inWords(stale)}; a write is taken ${backMs.toFixed(0)} ms after one was started`,
        met:
          atOnce.kind !== 'answered' &&
          atOnce.tookMs < REFUSED_MS_MAX &&
          refused.length === writes.length &&
          refused.every(({ tookMs, retryAfter }) => tookMs < REFUSED_MS_MAX && retryAfter !== null) &&
          readsStale,
        broken,
      };
    }),
};

function inWords(answer: Answer): string {
  if (answer.kind === 'answered') return String(answer.status);
  if (answer.kind === 'unknown') return `unknown (${answer.why}) after ${answer.tookMs.toFixed(0)} ms`;
  return `${answer.why} after ${answer.tookMs.toFixed(0)} ms, Retry-After ${answer.retryAfter ?? 'missing'}`;
}
