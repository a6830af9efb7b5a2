import assert from 'node:assert/strict';
import { CREATE, metric, type Running } from './measuring.ts';

/**
 * What a load that counts statuses cannot see. A figure counts only if every answer stands for a task that is there, also after the
 * node was killed, and if answers say what they should.
 */
const SAMPLE = 100;
const COUNTED_WITHIN_MS = 10_000;

/** Ids of tasks that were created now, each answer looked at. */
export async function sampled(port: number): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (let sent = 0; sent < SAMPLE; sent += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${CREATE.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: CREATE.body,
    });
    const { code, data } = (await answer.json()) as {
      readonly code: number;
      readonly data?: { readonly task_id: string };
    };
    assert.ok(answer.status === 200 && code === 0 && data !== undefined, `a creation was answered with code ${code}`);
    ids.add(data.task_id);
  }
  assert.equal(ids.size, SAMPLE, 'two tasks were given one id');
  return [...ids];
}

/** Each is read back; and of `answered` tasks none is missing, nor is any there that nobody can have asked for. */
export async function areThere(
  node: Running,
  ids: readonly string[],
  answered: number,
  unanswered: number,
): Promise<void> {
  for (const id of ids) {
    const found = await fetch(`http://127.0.0.1:${node.port}/xcron/queryTask?task_id=${id}`);
    const { code, data } = (await found.json()) as {
      readonly code: number;
      readonly data?: { readonly task_id: string };
    };
    assert.ok(code === 0 && data?.task_id === id, `task ${id} was acknowledged, and is answered with code ${code}`);
  }
  const untilMs = performance.now() + COUNTED_WITHIN_MS;
  let count = await metric(node.port, 'xcron_tasks\\{state="scheduled"\\}');
  // Counts are those of the last flush.
  while (count < answered && performance.now() < untilMs) {
    await new Promise((looked) => setTimeout(looked, 100));
    count = await metric(node.port, 'xcron_tasks\\{state="scheduled"\\}');
  }
  assert.ok(
    count >= answered && count <= answered + unanswered,
    `${answered} creations were answered, ${count} tasks are there`,
  );
}
