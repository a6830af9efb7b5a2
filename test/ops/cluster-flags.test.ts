import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readFlags } from '../../ops/scripts/cluster-flags.ts';
import { ROOT } from '../house/project-files.ts';

test('both ways of writing a flag', () => {
  const asked = { firstPort: 9001, natsPort: 4333, directory: 'a=b' };
  assert.deepEqual(readFlags(['--first-port', '9001', '--nats-port=4333', '--data-dir=a=b']), asked);
  assert.deepEqual(readFlags([]), { firstPort: 8001, natsPort: 4222, directory: 'data/cluster' });
});

for (const [args, said] of [
  [['--first-port', 'abc'], '--first-port abc is no port: a whole number from 1 to 65533 is'],
  [['--first-port', '65534'], '--first-port 65534 is no port: a whole number from 1 to 65533 is'],
  [['--nats-port', '0'], '--nats-port 0 is no port: a whole number from 1 to 65535 is'],
  [['--data-dir='], '--data-dir needs a value'],
] as const) {
  test(`"${args.join(' ')}" is refused in words`, () => assert.equal(readFlags(args), said));
}

test('what parseArgs refuses is said in its words', () => {
  for (const args of [['--data-dir'], ['--nodes', '5'], ['five']]) {
    const said = readFlags(args);
    assert.ok(typeof said === 'string' && said.includes(args[0] ?? ''), String(said));
  }
});

test('the usage is said when it is asked for, and with what is wrong', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['ops/scripts/cluster.ts', ...args], { cwd: ROOT, encoding: 'utf8' });
  const help = run('--help');
  assert.deepEqual([help.status, help.stderr], [0, '']);
  assert.match(help.stdout, /^usage: npm run cluster/);
  const wrong = run('--first-port', 'abc');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /^xcron: --first-port abc is no port.*\nusage: npm run cluster/);
});
