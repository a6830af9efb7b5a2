import type { Clock } from '../clock.ts';
import type { Sender } from '../dispatch/sender.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import type { Transport } from '../transport/transport.ts';
import type { Acknowledging } from './acknowledging.ts';
import type { AskingLeader } from './asking-leader.ts';
import type { Housekeeping } from './housekeeping.ts';
import type { LeaderDuties } from './leader-duties.ts';
import type { Leadership } from './leadership.ts';
import { DRAIN_MAX_MS } from './limits.ts';
import type { Observing } from './observing.ts';
import type { Replica } from './replica.ts';
import type { Retiring } from './retiring.ts';
import type { SendLease } from './send-lease.ts';
import type { Sending } from './sending.ts';
import type { Sightings } from './sightings.ts';
import type { TakingIn } from './taking-in.ts';

/** What a node is made of, in the order in which it ends: claims nothing, leads no more, sends what it holds, keeps it, is closed. */
export interface StoppingParts {
  readonly retiring: Retiring;
  readonly observing: Observing;
  readonly duties: LeaderDuties;
  readonly housekeeping: Housekeeping;
  readonly takingIn: TakingIn;
  readonly sightings: Sightings;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly sending: Sending;
  readonly lease: SendLease;
  readonly acknowledging: Acknowledging;
  readonly asking: AskingLeader;
  readonly clock: Clock;
  readonly sender: Sender;
  readonly transport: Transport;
  readonly projection: Projection;
  readonly log: LogStore;
}

/** `failed`: its disk did. `alone`: nobody else could lead, or is there to be led. */
export async function stopInOrder(
  parts: StoppingParts,
  { failed, alone, drained }: { readonly failed: boolean; readonly alone: boolean; readonly drained: () => void },
): Promise<void> {
  const { retiring, duties, housekeeping, replica, sending, clock, projection } = parts;
  housekeeping.stop();
  parts.takingIn.stop();
  parts.sightings.stop();
  // Whoever leads others goes on with that until another does: their writes and their claims wait for nothing here.
  if (alone || failed) duties.end();
  else await retiring.begin();
  sending.giveBackAhead();
  // What is committed is applied first: a claim among it is handed to the sender, or withheld by it, and its outcome committed.
  await replica.idle();
  await parts.sender.close(failed ? 0 : DRAIN_MAX_MS);
  if (failed) sending.stop();
  const givenUp = clock.setTimer(DRAIN_MAX_MS, () => sending.stop());
  await sending.idle();
  givenUp.cancel();
  duties.end();
  retiring.stop();
  parts.lease.stop();
  replica.stop();
  // Whoever asks from now on is sent to the next leader.
  parts.leadership.ended();
  parts.acknowledging.stop();
  parts.asking.stop();
  await replica.idle();
  await parts.transport.close();
  await replica.end();
  // All that was applied is, before the log is closed.
  parts.observing.stop();
  drained();
  // Ends a copy that is being made, which the housekeeping would wait for.
  // A flush that fails says so as any other does. What it has not written is in the log; to leave that open would be to never end.
  await projection.close({ flush: !failed }).catch(() => {});
  await housekeeping.idle();
  parts.log.close();
}
