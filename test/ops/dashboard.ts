interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Variable {
  readonly name: string;
  readonly query: string | { readonly query: string };
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

/** Every query of the dashboard, those of its variables too. */
export function dashboardExpressions({ panels, templating }: Dashboard): readonly { title: string; expr: string }[] {
  const ofPanels = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  const ofVariables = templating.list.flatMap(({ name, query }) =>
    typeof query === 'string' ? [] : [{ title: `variable ${name}`, expr: query.query }],
  );
  return [...ofPanels, ...ofVariables];
}

/** A query as Prometheus gets it, once Grafana has put in what was chosen. */
export const asPrometheusGets = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'xcron').replaceAll('$instance', '.*');
