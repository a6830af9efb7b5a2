import { join } from 'node:path';
import { parseArgs } from 'node:util';

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
  const read = parsed(args);
  if (typeof read === 'string') return read;
  if (read.help === true) return null;
  const firstPort = portOf(read['first-port'], PORT_MAX - NODES + 1);
  if (firstPort === null) return noPort('--first-port', read['first-port'], PORT_MAX - NODES + 1);
  const natsPort = portOf(read['nats-port'], PORT_MAX);
  if (natsPort === null) return noPort('--nats-port', read['nats-port'], PORT_MAX);
  const directory = read['data-dir'];
  return directory === '' ? '--data-dir needs a value' : { firstPort, natsPort, directory };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'first-port': { type: 'string', default: '8001' },
        'nats-port': { type: 'string', default: '4222' },
        'data-dir': { type: 'string', default: join('data', 'cluster') },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function portOf(text: string, max: number): number | null {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= max ? port : null;
}

const noPort = (flag: string, text: string, max: number): string =>
  `${flag} ${text} is no port: a whole number from 1 to ${max} is`;
