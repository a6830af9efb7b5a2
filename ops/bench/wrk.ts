import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureSystemTools, type SystemTool, thisMachine } from '../scripts/system-tools.ts';
import type { Load, LoadResult } from './load.ts';

/**
 * The load from wrk, a client in C: it takes half of what the one in TypeScript takes of the second core, where the server's own threads
 * would run. It looks at statuses only; what else is asked of answers, `create.ts` asks.
 */
const WRK: SystemTool = {
  command: 'wrk',
  debianPackage: 'wrk',
  elsewhere: 'install it ("brew install wrk")',
  neededFor: 'a load that costs little',
};

let ready: Promise<boolean> | null = null;

/** False: the load comes from load.ts, and a line has said so. */
export function hasWrk(): Promise<boolean> {
  ready ??= ensureSystemTools([WRK], thisMachine, 'the benches want').then((has) => {
    if (!has)
      console.log(
        'without wrk the load comes from ops/bench/load.ts, which itself takes twice as much: figures are lower',
      );
    return has;
  });
  return ready;
}

const WARM_SECONDS = 1;

/** Bodies hold no `]=]`. */
const scriptOf = (load: Load): string => `
wrk.method = 'POST'
wrk.path = '${load.path}'
wrk.headers['content-type'] = 'application/json'
${load.closing === true ? "wrk.headers['connection'] = 'close'" : ''}
wrk.body = [=[${load.body}]=]
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"p50Us":%d,"p99Us":%d,"maxUs":%d,"errors":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;

interface Told {
  readonly requests: number;
  readonly us: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly errors: number;
}

export async function loadByWrk(load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-wrk-'));
  const script = join(folder, 'post.lua');
  writeFileSync(script, scriptOf(load));
  const run = async (seconds: number): Promise<Told> => {
    const { connections, port } = load;
    const flags = ['--threads=1', `--connections=${connections}`, `--duration=${seconds}s`, `--script=${script}`];
    const { stdout } = await promisify(execFile)('wrk', [...flags, `http://127.0.0.1:${port}`]);
    return JSON.parse(stdout.slice(stdout.lastIndexOf('{'))) as Told;
  };
  try {
    const warm = await run(WARM_SECONDS);
    const { requests, us, p50Us, p99Us, maxUs, errors } = await run(load.seconds);
    return {
      requests,
      answered: requests + warm.requests,
      errors: errors + warm.errors,
      perSecond: Math.round(requests / (us / 1e6)),
      p50Ms: p50Us / 1_000,
      p99Ms: p99Us / 1_000,
      maxMs: maxUs / 1_000,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
