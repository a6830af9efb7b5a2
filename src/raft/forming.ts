import type { ClusterId, Configuration, InstanceId, Member, NodeId } from './types.ts';
import { memberId } from './types.ts';

/**
 * How a cluster comes to be, once, and how an empty node finds the one that is there. Until then there is no log, no term and no
 * vote: nodes call out to those on their list, and found a cluster when all of them are empty and all have seen the very same
 * instances. Each then begins its log with the same first entry. The cluster's id is made from those instances, so whoever founds
 * with another set founds another cluster, whose messages are foreign; and since each instance founds once, of two such clusters one
 * has no majority. Who agreed and comes late begins with an empty log: it is named in the first entry that it gets.
 */
export type Hail =
  /** "I hold nothing. These I have heard, and they were empty." */
  | {
      readonly state: 'empty';
      readonly nodeId: NodeId;
      readonly instance: InstanceId;
      readonly sees: Seen;
      readonly wants: Wanted;
      /** Absent: of a version that had none. */
      readonly answers?: Greetings;
    }
  /** "I belong to a cluster already." */
  | {
      readonly state: 'member';
      readonly nodeId: NodeId;
      readonly instance: InstanceId;
      readonly clusterId: ClusterId;
      readonly greeting?: string;
    };

/**
 * By member, what it said when it answered a call. Whoever wants to be taken in says it again: a call that somebody recorded answers nobody
 * who has started since, and to the others it is stale (I2).
 */
export type Greetings = Readonly<Record<string, string>>;

/** Of one start of its process, as `incarnation` is. */
export const greetingOf = (instance: InstanceId, incarnation: number): string => `${instance}.${incarnation}`;

/** Instance by node id, of all that hail as empty, the speaker included. */
export type Seen = Readonly<Record<string, InstanceId>>;

/** `found`: only with the peers on its list, or under a name that a cluster knows; else what it is to be in a cluster that is there. */
export type Wanted = 'found' | 'learner' | 'worker';

export interface Forming {
  readonly nodeId: NodeId;
  readonly instance: InstanceId;
  /** The list, this node included. */
  readonly peers: readonly NodeId[];
  readonly wants: Wanted;
  readonly heard: Map<NodeId, Hail>;
}

export type FormingOutcome =
  | { readonly kind: 'waiting'; readonly for: readonly NodeId[] }
  | { readonly kind: 'found'; readonly clusterId: ClusterId; readonly configuration: Configuration }
  /** Somebody belongs to a cluster: this node begins with an empty log, and is taken in unless it is named there already. */
  | { readonly kind: 'join'; readonly clusterId: ClusterId };

export function beginForming(
  self: { readonly nodeId: NodeId; readonly instance: InstanceId },
  peers: readonly NodeId[],
  wants: Wanted,
): Forming {
  return { ...self, peers: [...new Set([self.nodeId, ...peers])].sort(), wants, heard: new Map() };
}

/** What this node calls out, again and again, to everyone on its list. */
export function hailOf(forming: Forming): Hail {
  const { nodeId, instance, wants } = forming;
  return { state: 'empty', nodeId, instance, sees: seenBy(forming), wants, answers: {} };
}

export function hear(forming: Forming, hail: Hail): void {
  if (hail.nodeId === forming.nodeId) return;
  // Who asks to be taken in need not know by whom.
  const isAsked = forming.wants !== 'found' && hail.state === 'member';
  if (isAsked || forming.peers.includes(hail.nodeId)) forming.heard.set(hail.nodeId, hail);
}

/** `digest` makes a short id of a text; it is handed in, as this room computes none. */
export function outcomeOf(forming: Forming, digest: (text: string) => string): FormingOutcome {
  for (const hail of forming.heard.values()) {
    if (hail.state === 'member') return { kind: 'join', clusterId: hail.clusterId };
  }
  const mine = seenBy(forming);
  const missing = forming.peers.filter((peer) => mine[peer] === undefined || !agrees(forming, peer, mine));
  if (missing.length > 0 || forming.wants !== 'found') return { kind: 'waiting', for: missing };
  const members = forming.peers.flatMap((nodeId): Member[] => {
    const instance = mine[nodeId];
    return instance === undefined ? [] : [{ nodeId, instance, kind: 'voter' }];
  });
  const names = members.map(({ nodeId, instance }) => memberId(nodeId, instance));
  // Nothing in the first entry may depend on the build that writes it: it has to be the same everywhere.
  return { kind: 'found', clusterId: digest(names.join('\n')) as ClusterId, configuration: { members } };
}

function seenBy({ nodeId, instance, heard }: Forming): Seen {
  const seen: Record<string, InstanceId> = { [nodeId]: instance };
  for (const hail of heard.values()) if (hail.state === 'empty') seen[hail.nodeId] = hail.instance;
  return seen;
}

/** Whether a peer has seen the same instances: no more, no fewer, no others. */
function agrees({ nodeId, heard }: Forming, peer: NodeId, mine: Seen): boolean {
  if (peer === nodeId) return true;
  const hail = heard.get(peer);
  if (hail?.state !== 'empty' || hail.wants !== 'found') return false;
  const names = Object.keys(mine);
  return Object.keys(hail.sees).length === names.length && names.every((name) => hail.sees[name] === mine[name]);
}

/**
 * A leader hears an empty node: under the name of a member it takes that one's place once it has caught up, with its new instance
 * (raft.md, case 32); under another name it has to have asked to be taken in. Null: nothing is to be done.
 */
export function takenIn(
  configuration: Configuration,
  hail: Hail,
): (Member & { readonly kind: 'learner' | 'worker' }) | null {
  if (hail.state !== 'empty') return null;
  const { nodeId, instance, wants } = hail;
  const known = configuration.members.filter((member) => member.nodeId === nodeId);
  if (known.some((member) => member.instance === instance)) return null;
  if (known.length === 0 && wants === 'found') return null;
  const kind = wants === 'worker' || known.some((member) => member.kind === 'worker') ? 'worker' : 'learner';
  return { nodeId, instance, kind };
}

/** What a node can be called, and what stands for its data directory: they become members, and parts of subjects. `all` is everyone. */
const isNodeId = (value: unknown): boolean =>
  typeof value === 'string' && /^[a-z0-9-]{1,32}$/.test(value) && value !== 'all';
const isGreeting = (value: unknown): boolean =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}\.\d{1,16}$/.test(value);
const isInstance = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);

/** Null for what is no hail: anybody may call on that wire. */
export function readHail(said: unknown): Hail | null {
  if (typeof said !== 'object' || said === null) return null;
  const { state, nodeId, instance, sees, wants, clusterId, answers, greeting } = said as Readonly<
    Record<string, unknown>
  >;
  if (!isNodeId(nodeId) || !isInstance(instance)) return null;
  if (state === 'member') {
    return isInstance(clusterId) && (greeting === undefined || isGreeting(greeting)) ? (said as Hail) : null;
  }
  if (state !== 'empty' || (wants !== 'found' && wants !== 'learner' && wants !== 'worker')) return null;
  if (typeof sees !== 'object' || sees === null) return null;
  if (answers !== undefined && (typeof answers !== 'object' || answers === null)) return null;
  return Object.values(sees).every(isInstance) && Object.values(answers ?? {}).every(isGreeting)
    ? (said as Hail)
    : null;
}
