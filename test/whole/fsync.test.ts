import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireStrace } from '../store/strace.ts';
import { createTask, YEARLY } from './client.ts';
import { serve } from './serving.ts';

/** A SIGKILL cannot show a missing fsync: the system calls can. */
const ALONE = 40;
const TOGETHER = 200;

/**
 * So many tasks, asked for before the first of them can be answered. On connections that were used before: libuv accepts one a turn of the
 * loop, so that of new ones hardly two requests wait together. Resolves to the first line of each answer.
 */
async function createdTogether({ hostname, port }: URL, count: number): Promise<readonly string[]> {
  const body = JSON.stringify(YEARLY);
  const request = `POST /v1/tasks HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const firstLines = async (asked: string): Promise<readonly string[]> => {
    const answers = sockets.map((socket) => once(socket, 'data'));
    for (const socket of sockets) socket.write(asked);
    return (await Promise.all(answers)).map(([data]) => String(data).split('\r\n', 1)[0] ?? '');
  };
  await firstLines(`GET /livez HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  const statuses = await firstLines(request);
  for (const socket of sockets) socket.destroy();
  return statuses;
}

test('I1, raft.md case 29: every acknowledgement follows an fsync of the log; requests that wait together share one', async (t) => {
  await requireStrace();
  const directory = mkdtempSync(join(tmpdir(), 'xcron-strace-'));
  const trace = join(directory, 'trace');
  const strace = ['strace', '-f', '-y', '-e', 'trace=fsync,fdatasync,write,writev', '-s', '30', '-o', trace];
  const node = await serve(join(directory, 'data'), { wrap: strace });
  try {
    for (let at = 0; at < ALONE; at += 1) assert.equal((await createTask(node.url, YEARLY)).status, 201);
    const statuses = await createdTogether(new URL(node.url), TOGETHER);
    assert.deepEqual(
      statuses.filter((status) => !status.startsWith('HTTP/1.1 201 ')),
      [],
    );
  } finally {
    // strace passes the signal on to the node, and ends with it.
    await node.kill('SIGTERM');
  }
  const calls = readFileSync(trace, 'utf8').split('\n');
  let synced = false;
  let fsyncs = 0;
  let answers = 0;
  let turns = 0;
  for (const call of calls) {
    if (/f(data)?sync\(\d+<[^>]*log\.db-wal>\)\s+= 0|f(data)?sync resumed>\)\s+= 0/.test(call)) {
      fsyncs += 1;
      synced = true;
    } else if (call.includes('"HTTP/1.1 201')) {
      answers += 1;
      if (synced) turns += 1;
      // Alone, each answer needs an fsync of its own; together, the first answer of a turn does.
      if (answers <= ALONE) assert.ok(synced, `answer ${answers} left before the log was on disk`);
      synced = false;
    }
  }
  assert.equal(answers, ALONE + TOGETHER);
  assert.ok(turns <= fsyncs);
  const shared = answers - ALONE;
  assert.ok(turns - ALONE < shared / 2, `${turns - ALONE} turns for ${shared} requests that waited together`);
  t.diagnostic(`${answers} acknowledgements in ${turns} turns, ${fsyncs} fsyncs of the log; none before its fsync`);
  rmSync(directory, { recursive: true, force: true });
});
