/** What a PromQL expression asks for, and whether /metrics serves it. */
interface MetricUse {
  readonly name: string;
  /** Label to the values it is compared with; empty where the comparison is no plain alternative. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** Prometheus itself makes these. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS']);
const LABELS_OF_THE_SCRAPE = new Set(['job', 'instance']);

/** Whatever has a selector behind it, and whatever is named as our metrics are. */
const SELECTED = /\b([a-z_]\w*)\s*\{([^}]*)\}|\b((?:xcron|nodejs|process)_\w+)/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g;

function metricsIn(expression: string): readonly MetricUse[] {
  return [...expression.matchAll(SELECTED)].map(([, selected, matchers = '', bare]) => ({
    name: selected ?? bare ?? '',
    labels: new Map(
      [...matchers.matchAll(MATCHER)].map(([, label = '', values = '']) => [
        label,
        /^[\w|]+$/.test(values) ? values.split('|') : [],
      ]),
    ),
  }));
}

/** Metric to its labels, and their values as they stand at one scrape. */
export type Served = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

export function servedBy(text: string): Served {
  const served = new Map<string, Map<string, Set<string>>>();
  const named = (name: string) => {
    const labels = served.get(name) ?? new Map<string, Set<string>>();
    served.set(name, labels);
    return labels;
  };
  for (const line of text.split('\n')) {
    // A histogram that nothing was observed in yet may have no sample.
    const [, histogram] = /^# TYPE (\w+) histogram$/.exec(line) ?? [];
    if (histogram !== undefined) for (const part of ['bucket', 'sum', 'count']) named(`${histogram}_${part}`);
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      named(name).set(label, (named(name).get(label) ?? new Set()).add(value));
    }
    named(name);
  }
  return served;
}

export function notServed(expression: string, served: Served): readonly string[] {
  return metricsIn(expression).flatMap(({ name, labels }) => {
    if (OF_PROMETHEUS.has(name)) return [];
    const known = served.get(name);
    if (known === undefined) return [`${name} is not served`];
    return [...labels]
      .filter(([label]) => !LABELS_OF_THE_SCRAPE.has(label))
      .flatMap(([label, values]) => {
        const found = known.get(label);
        if (found === undefined) return [`${name} has no label ${label}`];
        return values.filter((value) => !found.has(value)).map((value) => `${name} has no ${label}="${value}"`);
      });
  });
}
