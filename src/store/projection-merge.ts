import type { ProjectionLink } from './projection-link.ts';
import type { Answer, Ask, RequestName, Step } from './projection-protocol.ts';

/**
 * A list from file and memory. Each step asks the file for rows behind a position; in the very moment of the answer, rows that
 * memory shadows are dropped, and what memory has in the same range is put in. Whatever the file did not hold when it answered is
 * still in a layer then: a flush leaves its layer only after its commit was told, which is after this answer.
 */
export interface Listing<Name extends RequestName, Row, Position, Item> {
  readonly name: Name;
  ask(after: Position | null, limit: number): Ask<Name>;
  /** Undefined: memory knows better. */
  fromFile(row: Row): Item | undefined;
  /** What memory has of it, in any order. */
  inMemory(): Iterable<Item>;
  position(item: Item): Position;
  compare(a: Position, b: Position): number;
}

export async function list<Name extends RequestName, Row, Position, Item>(
  link: ProjectionLink,
  listing: Answer<Name> extends Step<Row, Position> ? Listing<Name, Row, Position, Item> : never,
  start: Position | null,
  limit: number,
): Promise<Item[]> {
  const { name, ask, fromFile, inMemory, position, compare } = listing;
  const items: Item[] = [];
  let after = start;
  while (items.length < limit) {
    const from = after;
    const through = await link.ask(name, ask(from, limit - items.length), (answer) => {
      const step = answer as Step<Row, Position>;
      const end = step.through;
      const found: Item[] = [];
      for (const row of step.rows) {
        const item = fromFile(row);
        if (item !== undefined) found.push(item);
      }
      for (const item of inMemory()) {
        const at = position(item);
        if ((from === null || compare(at, from) > 0) && (end === null || compare(at, end) <= 0)) found.push(item);
      }
      found.sort((a, b) => compare(position(a), position(b)));
      items.push(...found);
      return end;
    });
    if (through === null) break;
    after = through;
  }
  return items.slice(0, limit);
}
