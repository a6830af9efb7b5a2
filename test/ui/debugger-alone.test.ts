import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { simulate } from '../../src/sim/simulate.ts';
import { runHere } from '../cli/running.ts';
import { openBrowser, openPage } from './browser.ts';

test('printed into a file, the debugger opens a trace from a disk, with no server and nothing else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-alone-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { code, out } = await runHere(['debug', 'page']);
  assert.equal(code, 0);
  const file = join(folder, 'debugger.html');
  writeFileSync(file, out);
  const rows: string[] = [];
  simulate({ seed: 16, steps: 1_000, traceLine: (line) => rows.push(JSON.stringify(line)) });

  const browser = await openBrowser();
  t.after(() => browser.close());
  const { page, complaints } = await openPage(t, browser, pathToFileURL(file).href);
  await page.getByText('No trace is open').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Watch the cluster' }).count(), 0, 'there is none');
  assert.equal(await page.getByRole('navigation').getByRole('link').count(), 0, 'there are no other pages');
  const buffer = Buffer.from(`${rows.join('\n')}\n`);
  await page.getByLabel('Trace file').setInputFiles({ name: 'seed-16.jsonl', mimeType: 'text/plain', buffer });
  await page.getByRole('slider', { name: 'Along the time of n1' }).press('Home');
  await page.getByText('before the first entry').waitFor();
  await page.getByRole('button', { name: 'One entry on' }).click();
  await page.getByRole('heading', { name: /^Projection at \d+$/ }).waitFor();
  await page.locator('[data-lit="true"]').first().waitFor();
  assert.deepEqual(
    complaints.filter((complaint) => complaint !== `asked ${pathToFileURL(file).href}`),
    [],
  );
});
