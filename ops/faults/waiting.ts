const LOOK_EVERY_MS = 50;

export const rest = (ms: number): Promise<void> => new Promise((rested) => setTimeout(rested, ms));

/** Waits for a condition. In vain, it throws what `what` says. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string | Promise<string>,
  withinMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs} ms in vain: ${await what()}`);
    await rest(LOOK_EVERY_MS);
  }
}

/** Ends early once it is over. */
export async function restUnless(isOver: () => boolean, ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  for (let leftMs = ms; leftMs > 0 && !isOver(); leftMs = untilMs - performance.now()) {
    await rest(Math.min(leftMs, LOOK_EVERY_MS));
  }
}
