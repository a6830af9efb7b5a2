import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { readProjectFile } from '../house/project-files.ts';
import { serving } from '../http/serving.ts';
import { dashboardExpressions } from './dashboard.ts';
import { notServed, servedBy } from './metric-use.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const alerts: readonly Rule[] = parse(readProjectFile('ops/prometheus/alerts.yaml')).groups[0].rules;
const dashboard = JSON.parse(readProjectFile('ops/grafana/xcron.json'));
const served = servedBy((await serving().ask('GET', '/metrics')).text);
const none = (problems: readonly string[]) => assert.equal(problems.join('\n'), '');

describe('what is watched is what /metrics serves', () => {
  test('in the alerts', () => {
    assert.ok(alerts.length > 10);
    none(alerts.flatMap(({ alert, expr }) => notServed(expr, served).map((problem) => `${alert}: ${problem}`)));
  });
  test('on the dashboard', () => {
    const expressions = dashboardExpressions(dashboard);
    assert.ok(expressions.length > 20);
    none(expressions.flatMap(({ title, expr }) => notServed(expr, served).map((problem) => `${title}: ${problem}`)));
  });
  for (const [expression, problem] of [
    ['rate(xcron_fire_total[5m])', 'xcron_fire_total is not served'],
    ['node_filesystem_avail_bytes{job="node"} < 1', 'node_filesystem_avail_bytes is not served'],
    ['xcron_attempts_total{outcome="failed"}', 'xcron_attempts_total has no label outcome'],
    ['xcron_attempts_total{job="xcron",result=~"failed|timeout"}', 'xcron_attempts_total has no result="timeout"'],
    ['sum by (le) (rate(xcron_lateness_seconds{job="xcron"}[5m]))', 'xcron_lateness_seconds is not served'],
  ] as const) {
    test(`refuse ${expression}`, () => assert.deepEqual(notServed(expression, served), [problem]));
  }
});

describe('the alerts', () => {
  test('say what is wrong and what it means, and how urgent it is', () => {
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels.severity, /^(?:page|ticket)$/, alert);
      assert.ok(annotations.summary.length > 0 && annotations.description.length > 0, alert);
    }
  });
  test('are each shown going off (promtool runs that in npm run verify)', () => {
    const shown = readProjectFile('ops/prometheus/alerts.test.yaml');
    none(alerts.map(({ alert }) => alert).filter((alert) => !shown.includes(`alertname="${alert}"`)));
  });
});

test('every panel has a unit, a place of its own, and the node to choose', () => {
  const names = dashboard.templating.list.map(({ name }: { readonly name: string }) => name);
  assert.deepEqual(names, ['datasource', 'job', 'instance']);
  const taken = new Set<string>();
  for (const { id, type, title, gridPos, fieldConfig } of dashboard.panels) {
    assert.ok(!taken.has(`id ${id}`), title);
    taken.add(`id ${id}`);
    if (type !== 'row') assert.ok(fieldConfig.defaults.unit.length > 0, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(!taken.has(`${x},${y}`) && x < 24, `${title} lies on another panel`);
        taken.add(`${x},${y}`);
      }
    }
  }
});
