import { Badge } from '../parts/badge.tsx';
import type { LiveEvents, LiveState } from './live-events.ts';
import { useLiveState } from './use-live.ts';

const SHOWN: Readonly<Record<LiveState, readonly [tone: 'good' | 'warn' | 'idle', words: string]>> = {
  off: ['idle', 'not live'],
  connecting: ['idle', 'connecting'],
  live: ['good', 'live'],
  broken: ['warn', 'connecting again'],
};

/** Whether what is shown is told as it happens. */
export function LiveBadge({ events }: { readonly events: LiveEvents }) {
  const [tone, words] = SHOWN[useLiveState(events)];
  return (
    <span role="status">
      <Badge tone={tone}>{words}</Badge>
    </span>
  );
}
