import type { Cluster } from '../cluster/cluster.ts';
import { entryAt, lastIndexOf } from '../cluster/disk.ts';
import { configurationInWords, nameOf } from '../cluster/in-words.ts';

/** The state of the nodes, as the figures of the paper draw it. */

/** One column an index, in it the term of the entry on disk; what was compacted away is dotted. */
export function logsShown({ nodes }: Cluster): string[] {
  const ends = [...nodes.values()].map(({ disk }) => lastIndexOf(disk));
  const width = 1 + String(Math.max(0, ...ends)).length;
  const cell = (value: string | number): string => String(value).padStart(width);
  const columns = Array.from({ length: Math.max(0, ...ends) }, (_, at) => at + 1);
  const rows = [...nodes.values()].map(({ name, disk, core }) => {
    const terms = columns.map((index) => (index <= disk.base.index ? '·' : (entryAt(disk, index)?.term ?? '')));
    return `${name.padEnd(6)}${terms.map(cell).join('')}   ${core === null ? 'crashed' : `commit ${core.commitIndex}`}`;
  });
  return [`index ${columns.map(cell).join('')}`, ...rows];
}

export const rolesShown = ({ nodes }: Cluster): string[] =>
  [...nodes.values()].map(({ name, core }) => {
    if (core === null) return `${name} crashed`;
    const { term, votedFor, leader } = core.role.context;
    return `${name} ${core.role.value}, term ${term}, vote ${nameOf(votedFor)}, leader ${nameOf(leader)}`;
  });

export const membersShown = ({ nodes }: Cluster): string[] =>
  [...nodes.values()].map(({ name, core }) =>
    core === null ? `${name} crashed` : `${name} ${configurationInWords(core.configuration)}`,
  );
