/** A known bug, as a patch of the sources. Production code has no switch for it: only a process of the simulator loads it so. */
export interface Mutant {
  readonly name: string;
  /** Where it comes from: a case of the table of bugs that shipped elsewhere, or a section of the paper. */
  readonly from: string;
  readonly patches: readonly Patch[];
  /** A scenario by hand that fails with it, where no run comes by: a file of tests. */
  readonly script?: string;
}

export interface Patch {
  readonly file: string;
  /** Occurs exactly once in the file, or the patch is out of date. */
  readonly find: string;
  readonly put: string;
}

export const mutant = (name: string, from: string, file: string, find: string, put: string): Mutant => ({
  name,
  from,
  patches: [{ file, find, put }],
});

export function patched(source: string, { file, find, put }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`the text to patch in ${file} occurs ${parts.length - 1} times:\n${find}`);
  return parts.join(put);
}
