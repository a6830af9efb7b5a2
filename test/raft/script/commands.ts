import type { MembershipChange } from '../../../src/raft/ports.ts';
import type { InstanceId, Member, NodeId } from '../../../src/raft/types.ts';
import {
  type Cluster,
  createCluster,
  deliver,
  diskWrites,
  feed,
  membersNamed,
  nodeNamed,
  part,
  pass,
  passSettling,
  settle,
  tick,
  timeOut,
} from '../cluster/cluster.ts';
import { compactThrough, loseLogAfter } from '../cluster/disk.ts';
import { nameOf } from '../cluster/in-words.ts';
import { crash, createNode, start, type TestNode, wipe } from '../cluster/node.ts';
import { logsShown, membersShown, rolesShown } from './shown.ts';

/** The commands that a script may give, as patterns. */

export interface Stage {
  cluster: Cluster;
  /** Proposals, reads, changes and transfers are numbered through. */
  asked: number;
}

type Run = (stage: Stage, ...words: string[]) => unknown;

const words = (list: string): string[] => list.trim().split(/\s+/);

function cluster(stage: Stage, list: string): void {
  let kind: Member['kind'] = 'voter';
  const members: Member[] = [];
  for (const word of words(list)) {
    if (word === 'learner' || word === 'worker') kind = word;
    else {
      members.push(...membersNamed(kind, word));
      kind = 'voter';
    }
  }
  stage.cluster = createCluster({ members });
  // They are up: each waits its election timeout from here.
  pass(stage.cluster, 0);
}

/** As in the figures of the paper: the log of a node that starts, by the terms of its entries. */
function log(stage: Stage, name: string, list: string): void {
  const node = nodeNamed(stage.cluster, name);
  const terms = words(list).map(Number);
  node.disk.entries = terms.map((term, at) => ({ index: at + 1, term, kind: 'events', data: `${term}.${at + 1}` }));
  node.disk.hardState = { term: terms.at(-1) ?? 0, votedFor: null };
  start(node);
}

function term(stage: Stage, name: string, value: string): void {
  const node = nodeNamed(stage.cluster, name);
  node.disk.hardState = { term: Number(value), votedFor: null };
  start(node);
}

function propose(stage: Stage, name: string, list: string): void {
  const proposals = words(list).map((data) => ({ proposalId: ++stage.asked, kind: 'events' as const, data }));
  feed(stage.cluster, nodeNamed(stage.cluster, name), { type: 'propose', proposals });
}

function proposeLong(stage: Stage, name: string, bytes: string): void {
  propose(stage, name, 'x'.repeat(Number(bytes)));
}

function passOn({ cluster }: Stage, ms: string, names: string): void {
  for (const name of words(names)) tick(cluster, nodeNamed(cluster, name), Number(ms));
}

function elected({ cluster }: Stage, name: string): void {
  timeOut(cluster, nodeNamed(cluster, name));
  settle(cluster);
}

function change(stage: Stage, name: string, asked: MembershipChange): void {
  const changeId = ++stage.asked;
  feed(stage.cluster, nodeNamed(stage.cluster, name), { type: 'change-members', changeId, change: asked });
}

function add(stage: Stage, name: string, kind: string, added: string): void {
  const [nodeId, instance] = (stage.cluster.nodes.get(added)?.id ?? `${added}/i1`).split('/');
  const member = { nodeId: nodeId as NodeId, instance: instance as InstanceId, kind: kind as 'learner' | 'worker' };
  change(stage, name, { type: 'add', member });
}

const on = (act: (cluster: Cluster, node: TestNode) => unknown): Run => {
  return (stage, name) => void act(stage.cluster, nodeNamed(stage.cluster, name));
};

const between = (from: string, to: string) => (message: { readonly from: string; readonly to: string }) =>
  nameOf(message.from).split('/')[0] === from && nameOf(message.to).split('/')[0] === to;

function lose(stage: Stage, from: string, to: string): void {
  const passes = between(from, to);
  for (const message of stage.cluster.inFlight.filter(passes)) stage.cluster.happened.push({ kind: 'lost', message });
  stage.cluster.inFlight = stage.cluster.inFlight.filter((message) => !passes(message));
}

function compact(stage: Stage, name: string, index: string): void {
  const node = nodeNamed(stage.cluster, name);
  const compacted = compactThrough(node.disk, Number(index));
  feed(stage.cluster, node, { type: 'compacted', index: Number(index), term: compacted });
}

export const COMMANDS: readonly (readonly [RegExp, Run])[] = [
  [/^cluster of (.+)$/, cluster],
  [/^empty node (\S+)$/, emptyNode],
  [/^log of (\S+): (.+)$/, log],
  [/^(\S+) starts in term (\d+)$/, term],
  [/^(\S+) knows feature level (\d+)$/, levelOf],
  [/^(\S+) times out$/, on(timeOut)],
  [/^(\d+) ms pass on (.+)$/, passOn],
  [/^(\d+) ms pass$/, ({ cluster }, ms) => passSettling(cluster, Number(ms))],
  [/^(\S+) is elected$/, elected],
  [/^all settles$/, ({ cluster }) => settle(cluster)],
  [/^messages from (\S+) to (\S+) arrive$/, ({ cluster }, from, to) => void deliver(cluster, between(from, to))],
  [/^messages from (\S+) to (\S+) are lost$/, lose],
  [/^what is in flight is lost$/, loseAll],
  [/^messages arrive$/, ({ cluster }) => void deliver(cluster)],
  [/^(\S+) is parted from (.+)$/, ({ cluster }, one, others) => part(cluster, [one], words(others))],
  [/^(.+) are parted from (.+)$/, ({ cluster }, some, others) => part(cluster, words(some), words(others))],
  [/^nothing from (\S+) reaches (.+)$/, oneWay],
  [/^the network heals$/, ({ cluster }) => cluster.cut.clear()],
  [/^the disk of (\S+) stalls$/, on((_, node) => stall(node, true))],
  [/^the disk of (\S+) writes$/, on(diskWrites)],
  [/^the disk of (\S+) is well again$/, on((_, node) => stall(node, false))],
  [/^(\S+) crashes$/, on((_, node) => crash(node))],
  [/^(\S+) restarts$/, on((cluster, node) => restart(cluster, node))],
  [
    /^(\S+) loses its log after (\d+)$/,
    ({ cluster }, name, at) => loseLogAfter(nodeNamed(cluster, name).disk, Number(at)),
  ],
  [/^(\S+) restarts, and its guard file knows of more$/, on((cluster, node) => restart(cluster, node, true))],
  [/^(\S+) is wiped and starts empty$/, on(startEmpty)],
  [/^(\S+) is asked to write (\d+) bytes$/, proposeLong],
  [/^(\S+) is asked to write (.+)$/, propose],
  [/^(\S+) is asked to read$/, read],
  [/^(\S+) is asked to add (learner|worker) (\S+)$/, add],
  [
    /^(\S+) is asked to promote (\S+)$/,
    (stage, name, to) => change(stage, name, { type: 'promote', nodeId: to as NodeId }),
  ],
  [
    /^(\S+) is asked to remove (\S+)$/,
    (stage, name, to) => change(stage, name, { type: 'remove', nodeId: to as NodeId }),
  ],
  [/^(\S+) is asked to hand over to (\S+)$/, transfer],
  [/^(\S+) compacts its log through (\d+)$/, compact],
  [/^snapshots have (\d+) bytes$/, snapshotsHave],
  [/^the next piece is garbled on its way$/, garbleOne],
];

/** Those that change nothing, and what they show. */
export const SHOWS: Readonly<Record<string, (cluster: Cluster) => readonly string[]>> = {
  'show logs': logsShown,
  'show roles': rolesShown,
  'show members': membersShown,
};

function levelOf(stage: Stage, name: string, level: string): void {
  const node = nodeNamed(stage.cluster, name);
  node.featureLevel = Number(level);
  start(node);
}

function stall(node: TestNode, stalls: boolean): void {
  node.diskStalls = stalls;
}

/** Its clock ticks from the start on. */
function restart(cluster: Cluster, node: TestNode, guardKnowsMore = false): void {
  start(node, guardKnowsMore);
  tick(cluster, node, 0);
}

function startEmpty(cluster: Cluster, node: TestNode): void {
  wipe(node);
  restart(cluster, node);
}

function emptyNode({ cluster }: Stage, name: string): void {
  cluster.nodes.set(name, createNode(name, { members: [] }));
  tick(cluster, nodeNamed(cluster, name), 0);
}

function loseAll({ cluster }: Stage): void {
  for (const message of cluster.inFlight) cluster.happened.push({ kind: 'lost', message });
  cluster.inFlight = [];
}

function snapshotsHave({ cluster }: Stage, bytes: string): void {
  cluster.snapshotBytes = Number(bytes);
}

function garbleOne({ cluster }: Stage): void {
  cluster.garble += 1;
}

function oneWay({ cluster }: Stage, from: string, others: string): void {
  for (const to of words(others)) cluster.cut.add(`${from}>${to}`);
}

function read(stage: Stage, name: string): void {
  feed(stage.cluster, nodeNamed(stage.cluster, name), { type: 'read', readIds: [++stage.asked] });
}

function transfer(stage: Stage, name: string, to: string): void {
  const transferId = ++stage.asked;
  feed(stage.cluster, nodeNamed(stage.cluster, name), { type: 'transfer', transferId, to: to as NodeId });
}
