import type { Effect } from '../../../src/raft/ports.ts';
import type { Cluster } from './cluster.ts';

export type EffectOf<T extends Effect['type']> = Extract<Effect, { readonly type: T }>;

/** What a node asked of its shell, since the cluster's happenings were last cleared. */
export const effectsOf = <T extends Effect['type']>(cluster: Cluster, name: string, type: T): EffectOf<T>[] =>
  cluster.happened.flatMap((happening) =>
    happening.kind === 'effect' && happening.node === name && happening.effect.type === type
      ? [happening.effect as EffectOf<T>]
      : [],
  );
