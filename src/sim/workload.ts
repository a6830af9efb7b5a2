import { isChangingMembers } from '../raft/core.ts';
import type { MembershipChange } from '../raft/ports.ts';
import type { LogIndex, Member, NodeId } from '../raft/types.ts';
import { holds } from './checks/rule.ts';
import { commandOf, TaskHistories } from './checks/task-histories.ts';
import type { Host } from './host.ts';
import { createRandom, type Random } from './random.ts';
import type { World } from './world.ts';

const BULKY_CHARACTERS = 140_000;
/** A task is asked for by so many commands or so, and then left alone. */
const COMMANDS_PER_TASK = 8;
const TASKS_AT_ONCE = 3;

/** Clients and an operator: what is asked of the cluster, and what is made of its answers. */
export class Workload {
  readonly counts = {
    proposed: 0,
    committed: 0,
    refused: 0,
    reads: 0,
    readsAnswered: 0,
    changes: 0,
    changesDone: 0,
    transfers: 0,
    histories: 0,
  };
  readonly #world: World;
  readonly #random: Random;
  readonly #everyMs: number;
  readonly #readShare: number;
  /** How often an entry fills half a message: then an append does not reach the end of the log. */
  readonly #bulkyShare: number;
  readonly #membership: boolean;
  readonly #transfers: boolean;
  /** The newest index that any client knows: what is asked from now on must show at least that. */
  #known = 0;
  #nextCommand = 0;
  #over = false;
  readonly #refused = new Set<string>();
  readonly #applied = new Set<string>();
  readonly #histories = new TaskHistories();
  readonly #taskRandom: Random;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = createRandom(seed, 'workload');
    this.#taskRandom = createRandom(seed, 'tasks');
    this.#everyMs = this.#random.between(3, 40);
    this.#readShare = this.#random.pick([0.2, 0.3, 0.6]);
    this.#bulkyShare = this.#random.pick([0, 0, 0.1, 0.4]);
    this.#membership = this.#random.chance(0.6);
    this.#transfers = this.#random.chance(0.4);
    this.#askLater();
    this.#operateLater();
  }

  end(): void {
    this.#over = true;
  }

  #askLater(): void {
    this.#world.queue.after(-Math.log(1 - this.#random.next()) * this.#everyMs, () => {
      if (this.#over) return;
      this.#ask();
      this.#askLater();
    });
  }

  #ask(): void {
    const host = this.#someHost();
    if (host === null) return;
    if (this.#random.chance(this.#readShare)) this.read(host);
    else for (let count = 1 + this.#random.below(4); count > 0; count -= 1) this.propose(host);
  }

  #someHost(): Host | null {
    const { leader, hosts } = this.#world;
    // One that leads no more and does not know it is asked as often.
    const leaders = hosts.filter((host) => host.process?.core.role.value === 'leader');
    if (leaders.length > 1) return this.#random.pick(leaders);
    if (leader !== null && this.#random.chance(0.8)) return leader;
    const running = hosts.filter(({ process }) => process !== null);
    return running.length === 0 ? null : this.#random.pick(running);
  }

  propose(host: Host, settled: (committed: boolean) => void = () => {}): void {
    this.#nextCommand += 1;
    const isBulky = this.#random.chance(this.#bulkyShare);
    const task = this.#someTask();
    const call = this.#taskRandom.pick(['create', 'create', 'cancel'] as const);
    const command = commandOf(task, call, this.#nextCommand);
    const data = isBulky ? command.padEnd(BULKY_CHARACTERS) : command;
    this.counts.proposed += 1;
    const recorded = this.#histories.asked(task, call);
    host.process?.propose(data, (outcome) => {
      if (outcome.kind === 'committed') {
        this.#histories.answered(recorded, task, outcome.index);
        this.counts.committed += 1;
        holds(
          outcome.data === data,
          'Acknowledged Is Committed',
          () => `${data} is acknowledged at ${outcome.index}, where ${outcome.data} stands`,
        );
        this.#known = Math.max(this.#known, outcome.index);
      } else {
        this.counts.refused += 1;
        this.#histories.refused(recorded);
        this.#refused.add(data);
        holds(!this.#applied.has(data), 'Acknowledged Is Committed', () => `${data} is refused, and was applied`);
      }
      settled(outcome.kind === 'committed');
    });
  }

  #someTask(): string {
    const newest = Math.floor(this.#nextCommand / COMMANDS_PER_TASK);
    return `t${Math.max(0, newest - this.#taskRandom.below(TASKS_AT_ONCE))}`;
  }

  /** Once nobody asks any more. */
  checkHistories(): void {
    this.counts.histories = this.#histories.check();
  }

  applied(index: LogIndex, data: string): void {
    this.#histories.applied(index, data);
    this.#applied.add(data);
    holds(!this.#refused.has(data), 'Acknowledged Is Committed', () => `${data} is applied, and was refused`);
  }

  read(host: Host, settled: (answered: boolean) => void = () => {}): void {
    this.counts.reads += 1;
    const atLeast = this.#known;
    const task = this.#someTask();
    const recorded = this.#histories.asked(task, 'read');
    host.process?.read((outcome) => {
      if (outcome.kind === 'read') {
        this.#histories.answered(recorded, task, outcome.index);
        this.counts.readsAnswered += 1;
        holds(
          outcome.index >= atLeast && outcome.hash === (this.#world.history.stateHash[outcome.index] ?? 0),
          'Linearizable Reads',
          () =>
            `a read at ${host.nodeId} shows the state at ${outcome.index}, and ${atLeast} was known before it was asked`,
        );
        this.#known = Math.max(this.#known, outcome.index);
      }
      settled(outcome.kind === 'read');
    });
  }

  #operateLater(): void {
    this.#world.queue.after(this.#random.between(50, 600), () => {
      if (this.#over) return;
      this.#operate();
      this.#operateLater();
    });
  }

  #operate(): void {
    const { leader } = this.#world;
    if (leader === null || leader.isPaused) return;
    const stranger = this.stranger(leader);
    if (this.#transfers && this.#random.chance(0.4)) {
      this.counts.transfers += 1;
      leader.process?.transfer(this.#random.pick(this.#world.hosts).nodeId, () => {});
    } else if (stranger !== null && (this.#membership || stranger.instance !== 'i1') && this.#random.chance(0.7)) {
      const kind = this.#random.chance(0.85) ? 'learner' : 'worker';
      this.change(leader, { type: 'add', member: { nodeId: stranger.nodeId, instance: stranger.instance, kind } });
    } else if (this.#membership) {
      const { nodeId } = this.#random.pick(this.#world.hosts);
      if (this.#random.chance(0.3)) this.change(leader, { type: 'promote', nodeId });
      else if (this.#mayRemove(leader, nodeId)) this.change(leader, { type: 'remove', nodeId });
    }
  }

  change(leader: Host, change: MembershipChange): void {
    this.counts.changes += 1;
    const world = this.#world;
    if (change.type === 'remove') world.removing = { host: leader, incarnation: leader.incarnation };
    leader.process?.changeMembers(change, (outcome) => {
      if (change.type === 'remove') world.removing = null;
      if (outcome.kind === 'done') this.counts.changesDone += 1;
    });
  }

  /** No operator removes so many that those left cannot decide: with what is down for good, or not whole. */
  #mayRemove(leader: Host, nodeId: NodeId): boolean {
    const voters = leader.process?.core.configuration.members.filter(({ kind }) => kind === 'voter') ?? [];
    const left = voters.filter((voter) => voter.nodeId !== nodeId);
    const gone = left.filter((voter) => !isThere(this.#world, voter)).length;
    return left.length >= 2 && gone * 2 < left.length;
  }

  /**
   * A running host that is no member under its present instance. One that was may come back as it is, or empty: no operator empties a
   * disk before its removal is committed.
   */
  stranger(leader: Host): Host | null {
    if (leader.process === null || isChangingMembers(leader.process.core)) return null;
    const { members } = leader.process.core.configuration;
    const strangers = this.#world.hosts.filter(
      ({ process, nodeId, instance }) =>
        process !== null && !members.some((member) => member.nodeId === nodeId && member.instance === instance),
    );
    if (strangers.length === 0) return null;
    const host = this.#random.pick(strangers);
    if (host.process?.core.configurations.length === 0 || this.#random.chance(0.5)) return host;
    this.#world.wipe(host);
    this.#world.start(host);
    return null;
  }
}

const isThere = (world: World, { nodeId, instance }: Member): boolean =>
  world.hosts.some((host) => host.nodeId === nodeId && host.instance === instance && !host.impaired);
