import { join } from 'node:path';

/** What `npm run cluster` is asked for. */
export interface ClusterFlags {
  readonly firstPort: number;
  readonly natsPort: number;
  readonly directory: string;
}

export const USAGE = `usage: npm run cluster -- [--first-port N] [--nats-port N] [--data-dir DIR]

  --first-port N   the first of three ports, one a node; 8001
  --nats-port N    of the NATS server; 4222, or any that is free where that is taken
  --data-dir DIR   where the nodes keep their data; data/cluster`;

const NODES = 3;
const PORT_MAX = 65_535;

/** A text says what is wrong with them; null: how they are used is asked for. */
export function readFlags(args: readonly string[]): ClusterFlags | string | null {
  let firstPort = 8001;
  let natsPort = 4222;
  let directory = join('data', 'cluster');
  // Both ways of writing it: --name value, --name=value.
  const left = args.flatMap((arg) =>
    /^--[a-z-]+=/.test(arg) ? [arg.replace(/=.*$/s, ''), arg.replace(/^.*?=/s, '')] : [arg],
  );
  for (let flag = left.shift(); flag !== undefined; flag = left.shift()) {
    if (flag === '--help' || flag === '-h') return null;
    if (!['--first-port', '--nats-port', '--data-dir'].includes(flag)) return `${flag} is none of the flags`;
    const value = left.shift();
    if (value === undefined || value === '') return `${flag} needs a value`;
    if (flag === '--data-dir') directory = value;
    else {
      const max = flag === '--first-port' ? PORT_MAX - NODES + 1 : PORT_MAX;
      const port = /^[0-9]{1,5}$/.test(value) ? Number(value) : 0;
      if (port < 1 || port > max) return `${flag} ${value} is no port: a whole number from 1 to ${max} is`;
      if (flag === '--first-port') firstPort = port;
      else natsPort = port;
    }
  }
  return { firstPort, natsPort, directory };
}
