import { type TSchema, Type } from 'typebox';
import type { Consistency } from '../node/api.ts';
import { oneOf } from './task-schema.ts';

/** `?consistency=stale`: what the node that is asked has applied, at once, be it without a leader or behind. */
export const CONSISTENCY: Readonly<Record<'consistency', TSchema>> = {
  consistency: Type.Optional(oneOf<Consistency>(['linearizable', 'stale'])),
};

export const consistencyQuery = Type.Object(CONSISTENCY, { additionalProperties: false });

/** The schema has seen to it that it is one. */
export const consistencyOf = (query: Readonly<Record<string, string>>): Consistency =>
  query.consistency === 'stale' ? 'stale' : 'linearizable';
