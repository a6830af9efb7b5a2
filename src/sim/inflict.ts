import { idOf } from '../raft/quorum.ts';
import type { Fault, FaultKind, Target } from './fault.ts';
import type { AnyHost, FaultyWorld } from './faulty-world.ts';
import { type Cut, inflictHalfCaughtUp } from './half-caught-up.ts';
import type { Weather } from './network.ts';

/** More than ever wait for a disk. */
const WRITES_ALL = 1_000;

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
      case 'change-interrupted':
        this.#interruptChange(fault, fault.passes);
        return true;
      case 'candidate-sleeps':
        this.#world.onCandidate = (candidate) => {
          if (!this.#over) this.#pause(candidate, fault.forMs);
        };
        return true;
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
        this.#pause(host, fault.forMs);
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
      case 'half-caught-up':
        return this.#halfCaughtUp(host, fault.count, fault.forMs);
      case 'wipe':
        if (!this.mayLose(host) || !this.#crash(host, fault.forMs, 0)) return false;
        world.wipe(host);
        return true;
    }
  }

  /** So many configurations pass; then comes the one. */
  #interruptChange(fault: Extract<Fault, { readonly kind: 'change-interrupted' }>, passes: number): void {
    this.#world.onChange = (leader) => {
      if (this.#over) return;
      if (passes > 0) {
        this.#interruptChange(fault, passes - 1);
        return;
      }
      const isDying = fault.how === 'lost' || fault.how === 'written';
      const gone = this.#cutOff(fault.how === 'silence' ? this.#numbers : [leader.number]);
      if (isDying) this.#crash(leader, fault.forMs / 2, fault.how === 'written' ? WRITES_ALL : 0);
      this.#after(fault.forMs, () => gone.open());
    };
  }

  #halfCaughtUp(loser: AnyHost, count: number, forMs: number): boolean {
    const { leader, logEnd } = this.#world;
    if (logEnd === undefined || leader === null || leader === loser || loser.process === null) return false;
    inflictHalfCaughtUp({
      ...{ world: this.#world, loser, leader, count, forMs },
      mayLose: (host) => this.mayLose(host),
      after: (delayMs, run) => this.#after(delayMs, run),
      cut: (hosts) => this.#cutOff(hosts.map(({ number }) => number)),
    });
    return true;
  }

  #cutOff(numbers: readonly number[]): Cut {
    const { network } = this.#world;
    const links = this.#links((from, to) => numbers.includes(from) || numbers.includes(to));
    for (const [from, to] of links) network.block(from, to);
    return {
      open: () => {
        for (const [from, to] of links) network.open(from, to);
      },
    };
  }

  #pause(host: AnyHost, forMs: number): void {
    host.pause();
    this.#after(forMs, () => host.resume());
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

  get #numbers(): readonly number[] {
    return this.#world.hosts.map(({ number }) => number);
  }

  #links(chosen: (from: number, to: number) => boolean): [number, number][] {
    const numbers = this.#numbers;
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
