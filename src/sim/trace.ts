import { hashText, mix } from './hash.ts';
import type { TraceFile } from './trace-file.ts';

/** Everything that happens in a run, as one number: two runs of a seed are the same run when it is the same. */
export interface Trace {
  readonly hash: number;
  /** `node` is a number, -1 for the world. The numbers say what happened; `more` is made only when somebody reads along. */
  note(atMs: number, node: number, kind: string, a: number, b: number, more?: () => object): void;
}

export function createTrace(file: TraceFile | null): Trace {
  let hash = 0;
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
      hash = mix(mix(mix(mix(hash, codeOf(kind) + node), a), b), Math.round(atMs * 1_000));
      if (file === null) return;
      file.note(
        atMs,
        node < 0 ? null : `n${node + 1}`,
        kind,
        more?.() as Readonly<Record<string, unknown>> | undefined,
      );
    },
  };
}
