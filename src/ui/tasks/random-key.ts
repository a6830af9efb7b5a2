const BYTES = 16;

/** For an Idempotency-Key. Not randomUUID: browsers keep that to https and loopback. */
export const randomKey = (): string =>
  `ui-${[...crypto.getRandomValues(new Uint8Array(BYTES))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
