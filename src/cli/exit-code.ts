/** What the process says to a script that called it: the contract of the command line, never renumbered. */
export const EXIT = {
  done: 0,
  refused: 1,
  /** A flag, an argument, the environment or the configuration file. */
  usage: 2,
  /** No node answers, or it has no leader; nothing was done. */
  unavailable: 3,
  /** It may have been done. */
  unknown: 4,
  /** EX_SOFTWARE of sysexits(3). */
  invariantBroken: 70,
  /** EX_IOERR of sysexits(3). */
  storage: 74,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_IN_WORDS = `Exit codes:
  0 done · 1 refused · 2 usage or configuration · 3 no node or no leader
  4 outcome unknown · 70 invariant broken · 74 storage`;
