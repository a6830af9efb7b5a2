import { rmSync } from 'node:fs';
import { call } from './call.ts';
import { WIRE_MS } from './client.ts';
import { type Cluster, type Machine, statusOf } from './cluster.ts';
import { damageLog } from './disk-damage.ts';
import type { PlannedFault, Target } from './fault-plan.ts';
import type { Span } from './ledger.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { rest, until } from './waiting.ts';

/** Does to the cluster what the plan says, and takes it back again. */
export interface Inflicting {
  /** Resolves when it is over: the world is as before. `began` is told whom it hit, or why it was left out. */
  inflict(fault: PlannedFault, began: (whom: string) => void): Promise<void>;
}

export interface InflictingOptions {
  readonly cluster: Cluster;
  readonly say: (line: string) => void;
  readonly found: (what: string) => void;
  /** A leader was taken away at this moment. */
  readonly leaderLost: (nodeId: string) => void;
  /** From the answer to the pause until the question to resume, nothing may be received. */
  readonly schedulingPaused: (silence: Span) => void;
}

const BACK_MS_MAX = 40_000;
const REFUSED_WITH_REMEDY = /xcron store|take this node's data|restore/;

function wireOf({ node, proxy }: Machine): TcpProxy {
  if (proxy === null) throw new Error(`the wire of ${node.nodeId} cannot be cut`);
  return proxy;
}

export function createInflicting({ cluster, say, found, leaderLost, schedulingPaused }: InflictingOptions): Inflicting {
  /** Under a fault already: one at a time for each machine. */
  const busy = new Set<Machine>();
  let brokerBusy = false;
  let clockBusy = false;

  async function choose(target: Target): Promise<Machine | null> {
    const free = (machines: readonly Machine[]): readonly Machine[] =>
      machines.filter((machine) => !busy.has(machine) && machine.node.isRunning);
    const leader = await cluster.leader();
    if (target === 'leader') return leader !== null && free([leader]).length === 1 ? leader : null;
    const others = target === 'worker' ? cluster.workers : cluster.voters.filter((machine) => machine !== leader);
    return free(others)[0] ?? null;
  }

  async function isLeader(machine: Machine): Promise<boolean> {
    return (await statusOf(machine))?.role === 'leader';
  }

  /** A node that comes back is waited for, but not for ever: others may be under a fault that keeps it from being ready. */
  async function untilBack(machine: Machine): Promise<boolean> {
    try {
      await until(
        () => cluster.isReady(machine),
        () => machine.node.nodeId,
        BACK_MS_MAX,
      );
      return true;
    } catch {
      say(`${machine.node.nodeId} is not ready ${BACK_MS_MAX / 1_000} s after it was started`);
      return false;
    }
  }

  /** Of whichever node answers: each may be the one that is down. */
  async function operate(verb: string, body: object): Promise<boolean> {
    for (const { node } of cluster.machines) {
      if (!node.isRunning) continue;
      const answer = await call({ method: 'POST', url: `${node.url}/v1/cluster/${verb}`, body });
      if (answer.kind === 'answered' && answer.status === 200) return true;
      const why = answer.kind === 'answered' ? `${answer.status} ${String(answer.value.detail)}` : answer.why;
      say(`${verb} asked of ${node.nodeId}: ${why}`);
    }
    return false;
  }

  async function untilOperated(verb: string, body: object): Promise<void> {
    await until(
      () => operate(verb, body),
      () => `${verb} is not done`,
      BACK_MS_MAX,
    );
  }

  async function kill(machine: Machine, forMs: number): Promise<void> {
    if (await isLeader(machine)) leaderLost(machine.node.nodeId);
    await machine.node.end('SIGKILL');
    await rest(forMs);
    machine.node.start();
    await untilBack(machine);
  }

  async function freeze(machine: Machine, forMs: number): Promise<void> {
    if (await isLeader(machine)) leaderLost(machine.node.nodeId);
    machine.node.freeze();
    await rest(forMs);
    machine.node.thaw();
  }

  async function restartEach(): Promise<void> {
    for (const machine of cluster.machines) {
      const { how } = await machine.node.end('SIGTERM');
      if (how !== 0) found(`${machine.node.nodeId} was told to stop and ended with ${how}`);
      machine.node.start();
      await untilBack(machine);
    }
  }

  /** Of the other voters, one that is not ready: with this one's directory gone as well, a majority of three would be gone for good. */
  async function awayBeside(machine: Machine): Promise<Machine | null> {
    for (const other of cluster.voters) if (other !== machine && !(await cluster.isReady(other))) return other;
    return null;
  }

  async function replace(machine: Machine): Promise<void> {
    await machine.node.end('SIGKILL');
    await startEmpty(machine);
  }

  /** What the runbook says of a lost node: an empty directory, under its name. */
  async function startEmpty(machine: Machine): Promise<void> {
    const { node } = machine;
    rmSync(node.dataDirectory, { recursive: true, force: true });
    node.isDamaged = false;
    node.hasSpoiledLog = false;
    node.start();
    await untilMember(machine);
  }

  /** With its new directory, and the old one is none any more. */
  async function untilMember(machine: Machine): Promise<void> {
    const { nodeId } = machine.node;
    const kind = cluster.voters.includes(machine) ? 'voter' : 'worker';
    const mine = async () => (await statusOf(machine))?.members.filter(({ node_id }) => node_id === nodeId) ?? [];
    await until(
      async () => {
        const members = await mine();
        return members.length === 1 && members[0]?.kind === kind && (await cluster.isReady(machine));
      },
      async () => `${nodeId} did not become a ${kind}: ${JSON.stringify(await mine())}`,
      BACK_MS_MAX,
    );
  }

  async function damage(machine: Machine, fault: PlannedFault & { readonly kind: 'damage-disk' }): Promise<void> {
    const { node } = machine;
    if (await isLeader(machine)) leaderLost(node.nodeId);
    await node.end('SIGKILL');
    node.isDamaged = true;
    say(`${node.nodeId}: ${damageLog(node.dataDirectory, fault.how, fault.at)}`);
    node.start();
    await until(
      async () => !node.isRunning || (await cluster.isReady(machine)),
      () => `${node.nodeId} neither came back nor refused`,
      BACK_MS_MAX,
    );
    if (node.isRunning) {
      node.isDamaged = false;
      node.hasSpoiledLog = true;
      return;
    }
    const end = node.takeUnasked();
    say(`${node.nodeId} refused its damaged log: ${end?.words.split('\n').at(-1) ?? ''}`);
    if (end?.how !== 74 || !REFUSED_WITH_REMEDY.test(end.words)) {
      found(`${node.nodeId} ended with ${end?.how} on a damaged log and did not say what to do: ${end?.words}`);
    }
    await until(
      async () => (await awayBeside(machine)) === null,
      () => `${node.nodeId} cannot start empty: another voter is not ready`,
      BACK_MS_MAX,
    );
    await startEmpty(machine);
  }

  async function pauseScheduling(forMs: number): Promise<void> {
    if (!(await operate('pause', {}))) return;
    const fromMs = Date.now() + WIRE_MS;
    await rest(forMs);
    schedulingPaused({ fromMs, untilMs: Date.now() });
    await untilOperated('resume', {});
  }

  async function onMachine(machine: Machine, fault: PlannedFault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return kill(machine, fault.forMs);
      case 'freeze':
        return freeze(machine, fault.forMs);
      case 'cut':
        if (await isLeader(machine)) leaderLost(machine.node.nodeId);
        wireOf(machine).cut(fault.way);
        await rest(fault.forMs);
        return wireOf(machine).heal();
      case 'reset':
        return wireOf(machine).reset();
      case 'slow':
        wireOf(machine).slow(fault.delayMs);
        await rest(fault.forMs);
        return wireOf(machine).heal();
      case 'shift-clock':
        clockBusy = true;
        try {
          machine.shiftClock(fault.byMs);
          await rest(fault.forMs);
          return machine.shiftClock(0);
        } finally {
          clockBusy = false;
        }
      case 'drain': {
        const { nodeId } = machine.node;
        if (!(await operate('drain', { node_id: nodeId }))) return;
        await rest(fault.forMs);
        return untilOperated('undrain', { node_id: nodeId });
      }
      case 'replace':
        return replace(machine);
      case 'damage-disk':
        return damage(machine, fault);
    }
  }

  async function onBroker(fault: PlannedFault & { readonly kind: 'kill-broker' | 'freeze-broker' }): Promise<void> {
    const at = fault.forMs % cluster.brokers.length;
    const broker = cluster.brokers[at];
    if (broker === undefined) return;
    brokerBusy = true;
    try {
      if (fault.kind === 'kill-broker') {
        await broker.kill();
        await rest(fault.forMs);
        await broker.start();
      } else {
        broker.freeze();
        await rest(fault.forMs);
        broker.thaw();
      }
    } finally {
      brokerBusy = false;
    }
  }

  return {
    async inflict(fault, began) {
      switch (fault.kind) {
        case 'kill-broker':
        case 'freeze-broker':
          if (brokerBusy) return began('left out: a broker is down already');
          began('');
          return onBroker(fault);
        case 'restart-each':
          began('');
          return restartEach();
        case 'transfer':
          began('');
          await operate('transfer', {});
          return;
        case 'pause-scheduling':
          began('');
          return pauseScheduling(fault.forMs);
      }
      // Cluster time is the median of the voters' clocks: that stands one wrong clock of three, and promises nothing of two.
      if (fault.kind === 'shift-clock' && clockBusy) return began('left out: another clock is wrong already');
      const machine = await choose(fault.target);
      if (machine === null) return began(`left out: no ${fault.target} is free`);
      const away = fault.kind === 'replace' ? await awayBeside(machine) : null;
      if (away !== null) return began(`left out: ${away.node.nodeId} is not ready`);
      began(`${machine.node.nodeId} (${fault.target})`);
      busy.add(machine);
      try {
        await onMachine(machine, fault);
      } finally {
        busy.delete(machine);
      }
    },
  };
}
