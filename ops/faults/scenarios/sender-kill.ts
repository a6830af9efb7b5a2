import type { Cluster, Machine } from '../cluster.ts';
import { inWords } from '../judging.ts';
import { rest } from '../waiting.ts';
import { brokenIn, fires, onScene, type Scenario } from './scenario.ts';

const TASKS = 200;
const KILLS_EACH = 5;
const DOWN_MS = 2_000;
const CALM_MS = 2_000;
const WORST_MS_MAX = 1_500;

/** Those who hold claims and do not lead. */
export const senderKill: Scenario = {
  name: 'sender-kill',
  goal: `${TASKS} fires a second, ${KILLS_EACH} followers and ${KILLS_EACH} workers killed: their claims go out from another node, worst lateness < ${WORST_MS_MAX} ms`,
  run: (stage) =>
    onScene(stage, { workers: 1 }, async ({ cluster, fireEverySecond, judged }) => {
      await fireEverySecond(TASKS);
      await rest(CALM_MS);
      for (let kill = 0; kill < 2 * KILLS_EACH; kill += 1) {
        const machine = kill % 2 === 0 ? await followerOf(cluster) : cluster.workers[0];
        if (machine === undefined) throw new Error('there is nobody to kill');
        stage.say(`kill ${kill + 1}: ${machine.node.nodeId}`);
        await machine.node.end('SIGKILL');
        await rest(DOWN_MS);
        machine.node.start();
        await cluster.untilReady();
        await rest(CALM_MS);
      }
      const judgement = await judged();
      for (const late of judgement.latest) stage.say(`latest: ${inWords(late)}`);
      const worstMs = judgement.latenessMs.at(-1) ?? Number.NaN;
      return {
        figure: `${fires(judgement)}; worst lateness ${worstMs} ms`,
        met: worstMs < WORST_MS_MAX,
        broken: brokenIn(judgement),
      };
    }),
};

async function followerOf(cluster: Cluster): Promise<Machine | undefined> {
  const leader = await cluster.leader();
  return cluster.voters.find((machine) => machine !== leader);
}
