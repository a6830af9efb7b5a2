// Runs another process in this one's place: its output, its signals and its exit code become ours.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Ctrl-C reaches us once from the terminal and once from npm, some milliseconds apart; a person needs longer for a second. */
const ONE_STOP_MS = 1_000;
const FOLLOW_LAUNCHER = fileURLToPath(new URL('./follow-launcher.cjs', import.meta.url));

/**
 * Resolves to the exit code, 128 + n for a signal. The child leads a process group of its own, so that a signal to ours
 * (Ctrl-C) reaches it only through us, and once.
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const windows = process.platform === 'win32';
    const child = spawn(command, args, { stdio: 'inherit', detached: !windows, ...options });
    const forwardedAtMs = new Map();
    const forward = (signal) => {
      const nowMs = performance.now();
      const lastMs = forwardedAtMs.get(signal);
      if (lastMs !== undefined && nowMs - lastMs < ONE_STOP_MS) return;
      forwardedAtMs.set(signal, nowMs);
      // On Windows the console tells the child itself, and kill() would not let it stop in order.
      if (!windows) child.kill(signal);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, forward);
    const settle = (finish) => {
      for (const signal of STOP_SIGNALS) process.off(signal, forward);
      finish();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code, signal) => settle(() => resolve(code ?? 128 + constants.signals[signal])));
  });
}

/** The same for a Node process, which also stops in order when this one is killed without a chance to pass it on. */
export function runNode(node, args, options = {}) {
  return runChild(node, ['--require', FOLLOW_LAUNCHER, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    ...options,
    env: { ...process.env, ...options.env, XCRON_FOLLOW_LAUNCHER: '1' },
  });
}
