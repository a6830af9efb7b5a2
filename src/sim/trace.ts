import { hashText, mix } from './hash.ts';

/** Everything that happens in a run, as one number: two runs of a seed are the same run when it is the same. */
export interface Trace {
  readonly hash: number;
  /** `node` is a number, -1 for the world. The numbers say what happened; `more` is made only when somebody reads along. */
  note(atMs: number, node: number, kind: string, a: number, b: number, more?: () => object): void;
}

export type TraceLine = (line: object) => void;

export function createTrace(write: TraceLine | null): Trace {
  let hash = 0;
  let step = 0;
  const kinds = new Map<string, number>();
  const codeOf = (kind: string): number => {
    let code = kinds.get(kind);
    if (code === undefined) {
      code = hashText(kind);
      kinds.set(kind, code);
    }
    return code;
  };
  return {
    get hash() {
      return hash;
    },
    note(atMs, node, kind, a, b, more) {
      step += 1;
      hash = mix(mix(mix(mix(hash, codeOf(kind) + node), a), b), Math.round(atMs * 1_000));
      if (write === null) return;
      const named = node < 0 ? {} : { node: `n${node + 1}` };
      write({ line: step, atMs: Math.round(atMs * 1_000) / 1_000, ...named, what: kind, ...more?.() });
    },
  };
}
