import { load } from '../../bench/measuring.ts';
import { statusOf } from '../cluster.ts';
import { quantile } from '../report.ts';
import { rest, until } from '../waiting.ts';
import { brokenIn, fires, latenessIn, onScene, type Scenario } from './scenario.ts';

const FIRING = 200;
const CONNECTIONS = 64;
const STEP_SECONDS = 5;
const SETTLE_MS = 10_000;
const BASE_MS = 20_000;
const JOIN_MS_MAX = 300_000;
const GROWTH_MAX = 2;

export const farBehind: Scenario = {
  name: 'far-behind',
  goal: `a node that is a million tasks behind joins by snapshot, ${FIRING} fires a second meanwhile: their lateness p99 at most doubles`,
  run: (stage) =>
    onScene(stage, { voters: 1, later: 1 }, async ({ cluster, sink, fireEverySecond, judged }) => {
      const [first] = cluster.voters;
      const [late] = cluster.later;
      if (first === undefined || late === undefined) throw new Error('two are needed');
      const port = Number(new URL(first.node.url).port);
      let made = 0;
      while (made < stage.tasks) {
        made += (await load(port, CONNECTIONS, STEP_SECONDS)).requests;
        stage.say(`${made} tasks`);
      }
      await fireEverySecond(FIRING);
      await rest(SETTLE_MS);
      const baseFromMs = Date.now();
      await rest(BASE_MS);
      const joinFromMs = Date.now();
      late.node.start();
      await until(
        async () =>
          (await statusOf(first))?.members.some(
            ({ node_id, kind }) => node_id === late.node.nodeId && kind === 'voter',
          ) === true,
        async () => `it did not become a voter: ${JSON.stringify((await statusOf(first))?.members)}`,
        JOIN_MS_MAX,
      );
      const joinUntilMs = Date.now();
      const judgement = await judged();
      const p99 = (fromMs: number, untilMs: number): number =>
        quantile(latenessIn(sink, fromMs, untilMs), 0.99) ?? Number.NaN;
      const before = p99(baseFromMs, joinFromMs);
      const meanwhile = p99(joinFromMs, joinUntilMs);
      return {
        figure: `${made} tasks, joined in ${((joinUntilMs - joinFromMs) / 1_000).toFixed(1)} s; lateness p99 ${before} ms before, ${meanwhile} ms meanwhile; ${fires(judgement)}`,
        met: meanwhile <= before * GROWTH_MAX,
        broken: brokenIn(judgement),
      };
    }),
};
