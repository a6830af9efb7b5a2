import type { Verb } from './verb.ts';

/**
 * Where operations are asked for. `read` and `admin` stand before all else, so that a server's permissions can tell those who may look from
 * those who may change.
 */
const prefixOf = (cluster: string, access: Verb['access']): string => `xcron.${cluster}.ops.${access}`;

/** Any node answers. */
export const subjectOf = (cluster: string, { access, name }: Pick<Verb, 'access' | 'name'>): string =>
  `${prefixOf(cluster, access)}.${name}`;

/** Of one node, whatever the verb. */
export const subjectOfNode = (cluster: string, access: Verb['access'], nodeId: string, verb = '*'): string =>
  `${prefixOf(cluster, access)}.node.${nodeId}.${verb}`;

/** Every node answers. */
export const subjectOfAll = (cluster: string, access: Verb['access'], verb = '*'): string =>
  `${prefixOf(cluster, access)}.all.${verb}`;

/** Where what happened is told. */
export const subjectOfEvent = (cluster: string, kind: string): string => `xcron.${cluster}.events.${kind}`;
