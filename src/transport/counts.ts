/** What a transport carried, lost and dropped since the start. */
export interface TransportCounts {
  sentMessages: number;
  sentBytes: number;
  receivedMessages: number;
  receivedBytes: number;
  reconnects: number;
  readonly dropped: Record<DropCause, number>;
  readonly lost: Record<LossCause, number>;
}

/** Why what arrived was not taken. */
export const DROP_CAUSES = ['garbled', 'forged', 'foreign', 'misaddressed', 'stale'] as const;
export type DropCause = (typeof DROP_CAUSES)[number];

/** Why what was to be sent did not leave. */
export const LOSS_CAUSES = ['disconnected', 'too-large', 'unread'] as const;
export type LossCause = (typeof LOSS_CAUSES)[number];

export const noCounts = (): TransportCounts => ({
  sentMessages: 0,
  sentBytes: 0,
  receivedMessages: 0,
  receivedBytes: 0,
  reconnects: 0,
  dropped: { garbled: 0, forged: 0, foreign: 0, misaddressed: 0, stale: 0 },
  lost: { disconnected: 0, 'too-large': 0, unread: 0 },
});
