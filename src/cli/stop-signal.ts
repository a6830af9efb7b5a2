/** Ctrl-C under npm reaches a process twice within milliseconds; a person needs longer for a second one. */
const ONE_STOP_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves at the first signal to stop. `again` is called at the next one that is not the same stop told twice. */
export function stopAsked(again?: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAtMs: number | null = null;
    const onSignal = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (firstAtMs === null) {
        firstAtMs = nowMs;
        resolve(signal);
      } else if (nowMs - firstAtMs >= ONE_STOP_MS) again?.();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
