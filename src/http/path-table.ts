import type { Operation } from './operation.ts';

/** Which methods a path knows: the difference between 404 and 405. */
export interface PathTable {
  /** Empty where there is nothing. */
  methodsAt(url: string): readonly string[];
}

export function createPathTable(
  operations: readonly Pick<Operation, 'path' | 'method'>[],
  basePath: string,
): PathTable {
  const methods = new Map<string, string[]>();
  for (const { path, method } of operations) {
    const known = methods.get(path) ?? [];
    known.push(method, ...(method === 'GET' ? ['HEAD'] : []));
    methods.set(path, known);
  }
  const patterns = [...methods].map(([path, known]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    known,
  }));
  return {
    methodsAt(url) {
      const [path = ''] = url.split('?', 1);
      if (!path.startsWith(basePath)) return [];
      const rest = path.slice(basePath.length);
      return patterns.find(({ pattern }) => pattern.test(rest))?.known ?? [];
    },
  };
}
