import { benchCluster } from './cluster.ts';
import { benchCore } from './core.ts';
import { benchCreate } from './create.ts';
import { benchMillion } from './million.ts';
import { benchTracing } from './tracing.ts';

/** `npm run bench`, or `npm run bench -- create`. Each figure stands beside a ceiling of the same run, or a goal. */
const benches: Readonly<Record<string, () => void | Promise<void>>> = {
  core: benchCore,
  create: benchCreate,
  million: () => benchMillion(),
  cluster: benchCluster,
  tracing: benchTracing,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  for (const [name, run] of Object.entries(benches)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.log(`## ${name}`);
    await run();
  }
}
