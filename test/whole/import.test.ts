import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import { readJson } from './client.ts';
import { childWithOutput, serve } from './serving.ts';
import { openSink } from './sink.ts';

/** A crontab of the kind people have, through the command line into a real node. */
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const crontab = fileURLToPath(new URL('../fixtures/crontab-real.txt', import.meta.url));
const expected = JSON.parse(
  readFileSync(new URL('../fixtures/crontab-real.expected.json', import.meta.url), 'utf8'),
) as { tables: { timezone: string; from: string; next: Record<string, string[]> }[] };

interface ListedTask {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly next_at: string;
  readonly callback: { readonly body: { readonly command: string } };
}

for (const { timezone, from, next } of expected.tables) {
  test(`xcron task import: every line but @reboot is taken, in ${timezone}, and fires when the table says`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'xcron-import-'));
    const sink = await openSink();
    const node = await serve(directory);
    try {
      const flags = ['task', 'import', crontab, '--url', sink.url, '--timezone', timezone, '--server', node.url];
      const imported = childWithOutput(spawn(process.execPath, [main, ...flags]));
      assert.equal(await imported.ended, 1, imported.output());
      assert.match(imported.output(), /@reboot/);
      assert.match(imported.output(), /not a time|no time/);

      const { value } = await readJson<{ items: ListedTask[] }>(`${node.url}/v1/tasks?limit=100`);
      const lines = readFileSync(crontab, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('@reboot'));
      assert.equal(value.items.length, lines.length);
      assert.deepEqual(value.items.map(({ schedule }) => schedule).sort(), Object.keys(next).sort());
      for (const task of value.items) {
        assert.equal(task.timezone, timezone);
        assert.equal(task.callback.body.command, task.name);
        const asked = `format=${encodeURIComponent(task.schedule)}&timezone=${timezone}&from=${encodeURIComponent(from)}&count=3`;
        const preview = await readJson<{ next: { at: string }[] }>(`${node.url}/v1/schedule/preview?${asked}`);
        const times = preview.value.next.map(({ at }) => new Date(at).getTime());
        assert.deepEqual(
          times,
          next[task.schedule]?.map((at) => Date.parse(at)),
          task.schedule,
        );
        // What the node is going to do is what the table's rule says from now on.
        const parsed = schedulePlanner.parse(task.schedule, { timezone, dst: 'once', nowMs: Date.now(), seed: '' });
        assert.ok(parsed.ok);
        assert.ok(Date.parse(task.next_at) >= (schedulePlanner.nextFireMs(parsed.value, Date.now() - 60_000) ?? 0));
      }
    } finally {
      await node.kill('SIGTERM');
      await sink.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
