import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNote } from '../../src/node/peer-notes.ts';
import type { TracePage } from '../../src/node/trace-page.ts';
import { until } from '../whole/serving.ts';
import { withCluster } from './cluster-steps.ts';

test('any node shows what every member traced, from where one stopped, and that one does not answer', () =>
  withCluster(async (cluster) => {
    const [asked, other] = cluster.nodes();
    assert.ok(asked !== undefined && other !== undefined);
    assert.equal(other.node.tracing.isOn, false);
    const look = async (page: TracePage | null): Promise<TracePage> => {
      const line = page?.lines.at(-1)?.line ?? 0;
      return (
        (await asked.node.traceOf(other.nodeId, page === null ? null : { epoch: page.epoch, line })) ?? assert.fail()
      );
    };
    let page = await look(null);
    assert.equal(other.node.tracing.isOn, true);
    await until(
      async () => {
        const next = await look(page.lines.length === 0 ? null : page);
        const [first] = next.lines;
        if (page.lines.length > 0 && first !== undefined) assert.equal(first.line, (page.lines.at(-1)?.line ?? 0) + 1);
        if (next.lines.length > 0) page = next;
        return page.lines.some(
          (line) => line.what === 'step' && line.got?.some(({ kind }) => kind.startsWith('heartbeat')) === true,
        );
      },
      () => JSON.stringify(page),
    );
    // Of another start of that node: its numbers say nothing.
    const anew = await asked.node.traceOf(other.nodeId, { epoch: page.epoch + 1, line: 1_000_000 });
    assert.equal(anew?.epoch, page.epoch);
    assert.ok((anew?.lines.length ?? 0) > 0);
    assert.equal(await asked.node.traceOf('n9', null), null);
    other.kill();
    assert.equal(await asked.node.traceOf(other.nodeId, null), null);
  }));

test('a note about traces that is none is not taken', () => {
  const page = { epoch: 1, skipped: 0, lines: [{ line: 1 }] };
  for (const note of [
    { kind: 'trace-asked', askId: 1, place: null },
    { kind: 'trace-asked', askId: 1, place: { epoch: 1, line: 2 } },
    { kind: 'trace-told', askId: 1, page },
  ])
    assert.notEqual(readNote(note), null, JSON.stringify(note));
  for (const note of [
    { kind: 'trace-asked', askId: 'x', place: null },
    { kind: 'trace-asked', askId: 1, place: 7 },
    { kind: 'trace-asked', askId: 1, place: { epoch: 1 } },
    { kind: 'trace-told', askId: 1, page: null },
    { kind: 'trace-told', askId: 1, page: { ...page, lines: 'all' } },
    { kind: 'trace-told', askId: 1, page: { ...page, lines: [null] } },
  ])
    assert.equal(readNote(note), null, JSON.stringify(note));
});
