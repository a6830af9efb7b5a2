import { inWords } from '../judging.ts';
import { quantile } from '../report.ts';
import { rest } from '../waiting.ts';
import { brokenIn, fires, onScene, type Scenario } from './scenario.ts';

const TASKS = 500;
const KILLS = 10;
const DOWN_MS = 1_000;
const CALM_MS = 3_000;
const WORST_MS_MAX = 1_500;
const FAILOVER_MS_MAX = 700;

export const leaderKill: Scenario = {
  name: 'leader-kill',
  goal: `${TASKS} fires a second, ${KILLS} leaders killed: none missing, no second id, worst lateness < ${WORST_MS_MAX} ms, median failover < ${FAILOVER_MS_MAX} ms`,
  run: (stage) =>
    onScene(stage, {}, async ({ cluster, failovers, fireEverySecond, judged }) => {
      await fireEverySecond(TASKS);
      await rest(CALM_MS);
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const leader = await cluster.leader();
        if (leader === null) throw new Error('nobody leads before the kill');
        failovers.lost(leader.node.nodeId);
        await leader.node.end('SIGKILL');
        stage.say(`kill ${kill}: ${leader.node.nodeId}`);
        await rest(DOWN_MS);
        leader.node.start();
        await cluster.untilReady();
        await rest(CALM_MS);
      }
      const judgement = await judged();
      for (const late of judgement.latest) stage.say(`latest: ${inWords(late)}`);
      const worstMs = judgement.latenessMs.at(-1) ?? Number.NaN;
      const tookMs = [...failovers.tookMs].sort((a, b) => a - b);
      const medianMs = quantile(tookMs, 0.5) ?? Number.NaN;
      const p99 = (quantile(judgement.latenessMs, 0.99) ?? Number.NaN).toFixed(0);
      return {
        figure: `${fires(judgement)}; lateness p99 ${p99} ms, worst ${worstMs} ms; failover median ${medianMs.toFixed(0)} ms of ${tookMs.length}, worst ${(tookMs.at(-1) ?? Number.NaN).toFixed(0)} ms`,
        met: worstMs < WORST_MS_MAX && medianMs < FAILOVER_MS_MAX && tookMs.length >= KILLS,
        broken: brokenIn(judgement),
      };
    }),
};
