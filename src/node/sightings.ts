import type { Clock, Timer } from '../clock.ts';
import type { RaftCore } from '../raft/core.ts';
import { everyoneIn } from '../raft/membership.ts';
import { isThere } from '../raft/progress.ts';
import type { MemberId } from '../raft/types.ts';
import { type MeasuredNote, measured } from './batches.ts';
import type { Leadership } from './leadership.ts';
import { NODE_LOST_MS, SIGHTING_KNOWN_MS, SIGHTINGS_EVERY_MS } from './limits.ts';
import type { Sighting } from './peer-notes.ts';

/**
 * How each member is, for whoever asks any node. Only a leader hears from everybody: each node tells it where its HTTP is, and it tells
 * them what it sees. Nothing is decided on the strength of this. A node without HTTP has nobody to tell.
 */
export interface SightingsOptions {
  readonly core: RaftCore;
  readonly clock: Clock;
  readonly leadership: Leadership;
  readonly httpUrl: () => string | null;
  readonly send: (to: MemberId, note: MeasuredNote) => void;
}

export class Sightings {
  readonly #options: SightingsOptions;
  /** They outlive a leader: whoever leads next tells them on. */
  readonly #urls = new Map<MemberId, string>();
  #told: { readonly by: MemberId; readonly atMs: number; readonly all: readonly Sighting[] } | null = null;
  #timer: Timer | null = null;

  constructor(options: SightingsOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#timer = this.#options.clock.setTimer(SIGHTINGS_EVERY_MS, () => this.begin());
    const { core, leadership, httpUrl, send } = this.#options;
    const url = httpUrl();
    if (url === null) return;
    const { elsewhere } = leadership;
    if (elsewhere !== null) send(elsewhere, measured({ kind: 'here', httpUrl: url }));
    else if (core.leading !== null) {
      const members = everyoneIn(core.configuration).map((member) => this.of(member));
      const note = measured({ kind: 'seen', members });
      for (const peer of core.leading.peers.keys()) send(peer, note);
    }
  }

  stop(): void {
    this.#timer?.cancel();
  }

  here(from: MemberId, httpUrl: string): void {
    const members = everyoneIn(this.#options.core.configuration);
    if (!members.includes(from)) return;
    this.#urls.set(from, httpUrl);
    for (const known of this.#urls.keys()) if (!members.includes(known)) this.#urls.delete(known);
  }

  seen(from: MemberId, all: readonly Sighting[]): void {
    const { leadership, clock } = this.#options;
    if (from !== leadership.elsewhere) return;
    this.#told = { by: from, atMs: clock.monotonicMs(), all };
    for (const { member, httpUrl } of all) if (httpUrl !== null) this.here(member, httpUrl);
  }

  of(member: MemberId): Sighting {
    const { core, httpUrl } = this.#options;
    if (member === core.self) {
      return { member, httpUrl: httpUrl(), matchIndex: core.durableIndex, lagMs: 0, alive: true };
    }
    const url = this.#urls.get(member) ?? null;
    const progress = core.leading?.peers.get(member);
    if (progress !== undefined) {
      const lagMs = Math.round(core.monotonicMs - progress.heardAtMs);
      const alive = isThere(progress, core.monotonicMs, NODE_LOST_MS);
      return { member, httpUrl: url, matchIndex: progress.matchIndex, lagMs, alive };
    }
    if (member === this.#options.leadership.elsewhere) return this.#leader(member, url);
    const told = this.#freshWord?.all.find((one) => one.member === member);
    return told ?? { member, httpUrl: url, matchIndex: null, lagMs: null, alive: false };
  }

  #leader(member: MemberId, httpUrl: string | null): Sighting {
    const { core } = this.#options;
    const lagMs = core.leaderHeard === null ? null : Math.round(core.monotonicMs - core.leaderHeard.atMs);
    const matchIndex = this.#freshWord?.all.find((one) => one.member === member)?.matchIndex ?? null;
    return { member, httpUrl, matchIndex, lagMs, alive: lagMs !== null && lagMs < NODE_LOST_MS };
  }

  /** What this leader said lately. */
  get #freshWord() {
    const { leadership, clock } = this.#options;
    const told = this.#told;
    if (told === null || told.by !== leadership.elsewhere) return null;
    return clock.monotonicMs() - told.atMs < SIGHTING_KNOWN_MS ? told : null;
  }
}
