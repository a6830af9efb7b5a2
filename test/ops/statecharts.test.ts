import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machines } from '../../machines/all.ts';
import { chartOf, printMove } from '../../machines/chart.ts';
import { drawAll } from '../../ops/statecharts/all.ts';
import { CHAR_WIDTH, LINE_HEIGHT } from '../../ops/statecharts/layout.ts';
import type { DrawnChart } from '../../src/ui/debug/drawn-chart.ts';

const drawn = await drawAll();
const chart = (name: string): DrawnChart =>
  drawn.find((one) => one.name === name) ?? assert.fail(`${name} is not drawn`);

for (const [name, machine] of Object.entries(machines)) {
  test(`${name} is drawn whole: every state, every transition, every guard and action`, () => {
    const { states, arrows } = chart(name);
    const texts = (from: string, to: string): readonly string[] =>
      from === to
        ? (states.find(({ id }) => id === from)?.lines ?? []).map(({ text }) => text)
        : (arrows.find((arrow) => arrow.from === from && arrow.to === to)?.lines ?? []).map(({ text }) => text);
    let moves = 0;
    for (const state of Object.values(machine.root.states)) {
      const box = states.find(({ id }) => id === state.key);
      assert.ok(box !== undefined && box.isFinal === (state.type === 'final'), state.key);
      for (const [at, actions] of [
        ['entry', state.entry],
        ['exit', state.exit],
      ] as const) {
        for (const action of actions) {
          const { type } = (typeof action === 'string' ? { type: action } : action) as { readonly type: string };
          assert.ok(
            box.lines.some(({ text }) => text === `${at} / ${type}`),
            `${state.key} ${at} ${type}`,
          );
        }
      }
      for (const [event, transitions] of state.transitions) {
        for (const { target, guard, actions } of transitions) {
          const to = target?.[0]?.key ?? state.key;
          const names = actions.map((action) =>
            typeof action === 'string' ? action : (action as { type: string }).type,
          );
          const lines = printMove({ event, guard: (guard as string | undefined) ?? null, actions: names });
          for (const line of lines) assert.ok(texts(state.key, to).includes(line), `${state.key} → ${to}: ${line}`);
          moves += 1;
        }
      }
    }
    for (const [event, transitions] of machine.root.transitions) {
      for (const to of transitions.flatMap(({ target = [] }) => target)) {
        assert.ok(
          texts('', to.key).some((text) => text.startsWith(event)),
          event,
        );
      }
    }
    assert.ok(moves > 5);
    assert.equal(chartOf(name, machine).states.length, Object.keys(machine.root.states).length);
  });

  test(`${name}: everything lies within the drawing, and no box or label on another`, () => {
    const { width, height, states, arrows } = chart(name);
    const labels = arrows
      .filter(({ lines }) => lines.length > 0)
      .map(({ from, to, lines }) => ({
        id: `${from} → ${to}`,
        x: lines[0]?.x ?? 0,
        y: (lines[0]?.y ?? 0) - LINE_HEIGHT * 0.75,
        width: Math.max(...lines.map(({ text }) => text.length * CHAR_WIDTH)),
        height: lines.length * LINE_HEIGHT,
      }));
    const boxes = [...states, ...labels];
    for (const box of boxes) {
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, box.id);
      for (const other of boxes) {
        const apart =
          box.x + box.width <= other.x ||
          other.x + other.width <= box.x ||
          box.y + box.height <= other.y ||
          other.y + other.height <= box.y;
        assert.ok(other === box || apart, `${box.id} lies on ${other.id}`);
      }
    }
    for (const state of states) {
      for (const { text } of state.lines) assert.ok(text.length * CHAR_WIDTH <= state.width, `${state.id}: ${text}`);
    }
    for (const { path } of arrows) assert.match(path, /^M[\d. ]+(?:[LQ][\d. ]+)+$/);
  });
}
