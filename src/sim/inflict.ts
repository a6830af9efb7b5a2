import { idOf } from '../raft/quorum.ts';
import type { Configuration } from '../raft/types.ts';
import type { FailingDisk } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import type { Fault, FaultKind, GarbledWhere, Target } from './fault.ts';
import type { Host } from './host.ts';
import type { Links, Weather } from './network.ts';
import type { HostedProcess } from './process.ts';

type AnyHost = Host<FailingDisk, HostedProcess>;

/** What faults need of a world, whatever its processes run. */
export interface FaultyWorld {
  readonly queue: EventQueue;
  readonly network: Links;
  readonly hosts: readonly AnyHost[];
  readonly leader: AnyHost | null;
  /** A removal that is asked for and not settled. */
  readonly removing: { readonly host: AnyHost; readonly incarnation: number } | null;
  /** Those that are in force on some node, or may come into force again. */
  configurations(): Iterable<Configuration>;
  start(host: AnyHost): void;
  stop(host: AnyHost, surviving?: number): void;
  wipe(host: AnyHost): void;
  loseTail(host: AnyHost, count: number): void;
  /** False: there is no such row. */
  damageRow?(host: AnyHost, back: number): boolean;
  /** What is made of pieces of snapshots; null: they arrive as they were sent. */
  garbling?: { readonly share: number; readonly where: GarbledWhere } | null;
  note(host: AnyHost | null, kind: string, a: number, b: number, more?: () => object): void;
}

/** Carries a planned fault out, if the cluster can be asked to bear it. */
export class Faults {
  readonly inflicted = new Map<FaultKind, number>();
  readonly #world: FaultyWorld;
  readonly #fairest: Weather;
  /** Set when the cluster is to heal: no fault begins or ends any more. */
  #over = false;

  /** Numbers of those that happened. */
  readonly begun: number[] = [];

  constructor(world: FaultyWorld, planned: readonly Fault[], kept: readonly number[]) {
    this.#world = world;
    this.#fairest = world.network.weather;
    for (const [number, fault] of planned.entries()) {
      if (kept.includes(number)) world.queue.after(fault.atMs, () => this.#begin(number, fault));
    }
  }

  end(): void {
    this.#over = true;
  }

  #begin(number: number, fault: Fault): void {
    if (this.#over || !this.#inflict(fault)) return;
    this.begun.push(number);
    this.inflicted.set(fault.kind, (this.inflicted.get(fault.kind) ?? 0) + 1);
    this.#world.note(null, `fault ${fault.kind}`, 0, 0, () => fault);
  }

  #after(delayMs: number, run: () => void): void {
    this.#world.queue.after(delayMs, () => {
      if (!this.#over) run();
    });
  }

  #target(target: Target): AnyHost | null {
    return target === 'leader' ? this.#world.leader : (this.#world.hosts[target] ?? null);
  }

  #inflict(fault: Fault): boolean {
    const { network, hosts } = this.#world;
    switch (fault.kind) {
      case 'cut-link':
        return this.#cut([[fault.from, fault.to]], fault.forMs);
      case 'split':
        return this.#cut(
          this.#links((from, to) => fault.side.includes(from) !== fault.side.includes(to)),
          fault.forMs,
        );
      case 'broker-death':
        for (const host of hosts) this.#reconnected(host);
        return this.#cut(
          this.#links(() => true),
          fault.forMs,
        );
      case 'storm': {
        const { delayMaxMs, loss, duplication } = fault;
        network.weather = { delayMinMs: this.#fairest.delayMinMs, delayMaxMs, loss, duplication };
        this.#after(fault.forMs, () => {
          network.weather = this.#fairest;
        });
        return true;
      }
      case 'garble-snapshot': {
        const { share, where } = fault;
        this.#world.garbling = { share, where };
        this.#after(fault.forMs, () => {
          this.#world.garbling = null;
        });
        return true;
      }
      default: {
        const host = this.#target(fault.target);
        return host !== null && this.#inflictOn(host, fault);
      }
    }
  }

  #inflictOn(host: AnyHost, fault: Extract<Fault, { readonly target: Target }>): boolean {
    const world = this.#world;
    const { number } = host;
    switch (fault.kind) {
      case 'crash':
        return this.#crash(host, fault.forMs, fault.surviving);
      case 'pause':
        host.pause();
        this.#after(fault.forMs, () => host.resume());
        return true;
      case 'isolate': {
        const { direction } = fault;
        const cut = this.#links(
          (from, to) => (from === number && direction !== 'in') || (to === number && direction !== 'out'),
        );
        return this.#cut(cut, fault.forMs);
      }
      case 'hold': {
        const held = this.#links((from, to) => from === number || to === number);
        for (const [from, to] of held) world.network.hold(from, to);
        this.#after(fault.forMs, () => {
          for (const [from, to] of held) world.network.release(from, to);
        });
        return true;
      }
      case 'reconnect':
        this.#reconnected(host);
        return true;
      case 'disk-stall':
        host.disk.stalledUntilMs = world.queue.nowMs + fault.forMs;
        return true;
      case 'write-error':
        host.disk.failing = fault.outcome;
        return true;
      case 'disk-full': {
        const { disk } = host;
        disk.failing = 'full';
        this.#after(fault.forMs, () => {
          if (disk.failing === 'full') disk.failing = null;
        });
        return true;
      }
      case 'damage-row':
        if (!this.mayLose(host) || world.damageRow?.(host, fault.back) !== true) return false;
        host.impaired = true;
        return true;
      case 'clock-rate':
        host.clock.setRate(fault.rate);
        this.#after(fault.forMs, () => host.clock.setRate(1));
        return true;
      case 'lose-tail':
        if (!this.mayLose(host) || !this.#crash(host, fault.forMs, 0)) return false;
        host.impaired = true;
        world.loseTail(host, fault.count);
        return true;
      case 'wipe':
        if (!this.mayLose(host) || !this.#crash(host, fault.forMs, 0)) return false;
        world.wipe(host);
        return true;
    }
  }

  #crash(host: AnyHost, forMs: number, surviving: number): boolean {
    if (host.process === null) return false;
    this.#world.stop(host, surviving);
    this.#after(forMs, () => this.#world.start(host));
    return true;
  }

  #reconnected(host: AnyHost): void {
    this.#world.network.reconnect(host.number);
    for (const other of this.#world.hosts) if (other !== host) host.process?.unreachable(other.member);
  }

  #links(chosen: (from: number, to: number) => boolean): [number, number][] {
    const numbers = this.#world.hosts.map(({ number }) => number);
    return numbers.flatMap((from) =>
      numbers.filter((to) => from !== to && chosen(from, to)).map((to) => [from, to] as [number, number]),
    );
  }

  #cut(links: readonly (readonly [number, number])[], forMs: number): boolean {
    const { network } = this.#world;
    for (const [from, to] of links) network.block(from, to);
    this.#after(forMs, () => {
      for (const [from, to] of links) network.open(from, to);
    });
    return true;
  }

  /** Raft survives the loss of a minority for good, and promises nothing beyond: no set of voters in force anywhere loses more. */
  mayLose(host: AnyHost): boolean {
    const { hosts, removing } = this.#world;
    if (removing !== null && removing.host.incarnation === removing.incarnation) return false;
    const gone = new Set(
      hosts.filter((other) => isImpaired(other) || other === host).map(({ member }) => member as string),
    );
    const known = new Set(hosts.map(({ member }) => member as string));
    return [...this.#world.configurations()].every((configuration) =>
      [configuration.members, configuration.outgoing ?? []].every((side) => {
        const voters = side.filter(({ kind }) => kind === 'voter').map(idOf);
        // A learner may be promoted before anybody notices that it is gone.
        const soon = side.filter(({ kind }) => kind !== 'worker').map(idOf);
        return [voters, soon].every(
          (set) => set.filter((voter) => gone.has(voter) || !known.has(voter)).length * 2 < Math.max(1, set.length),
        );
      }),
    );
  }
}

const isImpaired = (host: AnyHost): boolean => {
  // Its own word for it, once it runs: until then it has lost what it lost.
  if (host.impaired && host.process?.role === 'follower' && host.disk.isDamaged !== true) host.impaired = false;
  return host.impaired;
};
