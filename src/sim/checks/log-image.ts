import type { Configuration, Entry, LogIndex, PlacedConfiguration } from '../../raft/types.ts';
import { hashEntryText, mix } from '../hash.ts';

/**
 * A member's log as its writes say it is. `chains[i]` stands for entry i and all before it, so that two logs are compared at an index
 * in one look, and never walked.
 */
export interface LogImage {
  chains: number[];
  terms: number[];
  /** Oldest first. */
  configurations: PlacedConfiguration[];
}

export const emptyImage = (): LogImage => ({ chains: [0], terms: [0], configurations: [] });

export const copyOf = (image: LogImage): LogImage => ({
  chains: image.chains.slice(),
  terms: image.terms.slice(),
  configurations: image.configurations.slice(),
});

export const endOf = (image: LogImage): LogIndex => image.chains.length - 1;

export const configurationOf = (image: LogImage): Configuration =>
  image.configurations.at(-1)?.configuration ?? { members: [] };

/** Replaces what is at the entry's index and behind it. Returns the chain at the entry. */
export function put(image: LogImage, entry: Entry): number {
  if (entry.index <= endOf(image)) cut(image, entry.index - 1);
  const before = image.chains[entry.index - 1] ?? 0;
  const chain = mix(mix(before, entry.term), hashEntryText(entry.data));
  image.chains[entry.index] = chain;
  image.terms[entry.index] = entry.term;
  if (entry.kind === 'configuration') {
    image.configurations.push({ index: entry.index, configuration: JSON.parse(entry.data) as Configuration });
  }
  return chain;
}

export function cut(image: LogImage, lastIndex: LogIndex): void {
  if (lastIndex >= endOf(image)) return;
  image.chains.length = lastIndex + 1;
  image.terms.length = lastIndex + 1;
  while ((image.configurations.at(-1)?.index ?? 0) > lastIndex) image.configurations.pop();
}
