/** Whatever ends this process, what it started ends with it: those that are frozen and brokers hear nothing else. */
const started = new Set<number>();

export function endWithUs(pid: number): void {
  started.add(pid);
}

export function isOver(pid: number): void {
  started.delete(pid);
}

process.on('exit', () => {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}
