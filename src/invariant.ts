/** Numbered invariants are those of the README; a broken one throws, and the node stops with its number (exit 70). */
export type InvariantId = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11';

export class InvariantBroken extends Error {
  readonly invariant: InvariantId;
  constructor(invariant: InvariantId, message: string) {
    super(`${invariant} broken: ${message}`);
    this.name = 'InvariantBroken';
    this.invariant = invariant;
  }
}

export function invariant(condition: boolean, id: InvariantId, message: string): asserts condition {
  if (!condition) throw new InvariantBroken(id, message);
}

/** The default branch of an exhaustive switch: the compiler proves that it is not reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
