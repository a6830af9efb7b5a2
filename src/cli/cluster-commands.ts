import { type Command, Option } from 'commander';
import type { Run } from './action.ts';
import type { ClusterOptions } from './cluster-verb.ts';
import { withServerOptions } from './server-options.ts';

/** `xcron cluster`: the verbs of src/control, over HTTP. A test holds this list to theirs. */
export function addClusterCommands(program: Command, run: Run): void {
  const cluster = program.command('cluster').description('look at a cluster that runs, and operate it');

  const verb = (name: string, description: string): Command =>
    withServerOptions(cluster.command(name)).description(description).option('--json', "print the API's JSON");
  const ask =
    (name: string, inputOf: (argument: string, options: ClusterOptions) => Readonly<Record<string, unknown>>) =>
    async (argument: string, options: ClusterOptions) =>
      run(async (asked) =>
        (await import('./cluster-verb.ts')).askVerb(name, inputOf(argument, options), options, asked),
      );
  const askWithout = (name: string) => async (options: ClusterOptions) =>
    run(async (asked) => (await import('./cluster-verb.ts')).askVerb(name, {}, options, asked));

  for (const [name, description] of [
    ['status', 'say how the cluster stands, as the node that is asked sees it'],
    ['members', 'list the members; how far each is, only the leader knows'],
    ['audit', 'list what operators asked for and what came of it, the newest first'],
  ] as const) {
    verb(name, description).action((options: ClusterOptions) =>
      run(async (asked) => (await import('./cluster-show.ts')).showCluster(name, options, asked)),
    );
  }

  verb('add', 'take in a node that waits to be')
    .argument('<NODE>', 'node id')
    .requiredOption('--instance <ID>', 'of its data directory; it prints it while it waits')
    .addOption(
      new Option('--kind <KIND>', 'learner (a voter once it has caught up) or worker').choices(['learner', 'worker']),
    )
    .action(
      ask('add', (node_id, { instance, kind }) => ({ node_id, instance, ...(kind === undefined ? {} : { kind }) })),
    );
  verb('promote', 'make a learner a voter now, if it has caught up')
    .argument('<NODE>', 'node id')
    .action(ask('promote', (node_id) => ({ node_id })));
  verb('remove', 'remove a member; what it had claimed is sent by others')
    .argument('<NODE>', 'node id')
    .option('--accept-lost-majority', 'also where the voters left that answer would be no majority')
    .action(
      ask('remove', (node_id, { acceptLostMajority }) => ({
        node_id,
        ...(acceptLostMajority === true ? { accept_lost_majority: true } : {}),
      })),
    );
  verb('transfer', 'hand leadership over')
    .argument('[NODE]', 'to this voter; to the one best placed where left out')
    .action(ask('transfer', (node_id) => (node_id === undefined ? {} : { node_id })));
  verb('drain', 'give a node no more claims and no leadership; what it has in hand it finishes')
    .argument('<NODE>', 'node id')
    .option('--accept-no-sender', 'also where nobody would be left to send')
    .action(
      ask('drain', (node_id, { acceptNoSender }) => ({
        node_id,
        ...(acceptNoSender === true ? { accept_no_sender: true } : {}),
      })),
    );
  verb('undrain', 'give a drained node claims again')
    .argument('<NODE>', 'node id')
    .action(ask('undrain', (node_id) => ({ node_id })));
  verb('pause', 'hold all scheduling: nothing is sent until it is resumed').action(askWithout('pause'));
  verb('resume', 'go on with all scheduling').action(askWithout('resume'));
  verb('run-task', 'run a task now, beside its schedule')
    .argument('<ID>', 'task id')
    .action(ask('run-task', (task_id) => ({ task_id })));

  const ofNode = (name: string, description: string): Command =>
    verb(name, description).option('--node <NODE>', 'the node that is meant; the one that is asked where left out');
  ofNode('snapshot', 'copy the state now, and let the log forget what the copy holds').action(askWithout('snapshot'));
  ofNode('backup', 'write a backup into the data directory of a node, while it runs').action(askWithout('backup'));
  ofNode('log-level', 'change what a node logs, until it is restarted')
    .addArgument(
      cluster.createArgument('<LEVEL>', 'error, warn, info or debug').choices(['error', 'warn', 'info', 'debug']),
    )
    .action(ask('log-level', (level) => ({ level })));
  ofNode('trace', 'keep, or forget, what consensus is told and answers on a node')
    .addArgument(cluster.createArgument('<SWITCH>', 'on or off').choices(['on', 'off']))
    .action(ask('trace', (wanted) => ({ on: wanted === 'on' })));
  ofNode('read-trace', 'print what was kept, a JSON line a step').action((options: ClusterOptions) =>
    run(async (asked) => (await import('./cluster-show.ts')).showTrace(options, asked)),
  );
  verb('restore', 'say how a backup is restored: never over a cluster that runs').action(askWithout('restore'));
}
