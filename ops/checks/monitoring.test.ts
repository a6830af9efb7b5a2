import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { asPrometheusGets, dashboardExpressions } from '../../test/ops/dashboard.ts';
import { findPromtool } from './promtool.ts';

/** The files of monitoring, as Prometheus itself reads them. What /metrics serves is held by test/ops/monitoring.test.ts. */
const OPS = join(import.meta.dirname, '..');
const PROMETHEUS = join(OPS, 'prometheus');
const promtool = findPromtool();

function holds(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: PROMETHEUS, encoding: 'utf8' });
  assert.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`);
}

describe('Prometheus', () => {
  test('reads how to ask xcron', () => holds('check', 'config', '--syntax-only', 'prometheus.yaml'));
  test('reads the alerts', () => holds('check', 'rules', 'alerts.yaml'));
  test('sets off each alert when it should, and none for a healthy cluster', () =>
    holds('test', 'rules', 'alerts.test.yaml'));
  test('understands every query of the dashboard', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xcron-dashboard-'));
    try {
      const queries = dashboardExpressions(JSON.parse(readFileSync(join(OPS, 'grafana', 'xcron.json'), 'utf8')))
        .filter(({ expr }) => !expr.startsWith('label_values('))
        .map(({ expr }, at) => ({ record: `dashboard:query_${at}`, expr: asPrometheusGets(expr) }));
      const file = join(folder, 'queries.yaml');
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: queries }] }));
      holds('check', 'rules', file);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
