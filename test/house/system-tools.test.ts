import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ensureSystemTools, type Machine, type SystemTool } from '../../ops/scripts/system-tools.ts';

const tool: SystemTool = {
  command: 'tracer',
  debianPackage: 'tracer-package',
  elsewhere: 'it exists for Linux only',
  neededFor: 'counting',
};

function machine(options: {
  has: readonly string[];
  isRoot: boolean;
  installBrings?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}) {
  const here = new Set(options.has);
  const ran: string[] = [];
  const said: string[] = [];
  const port: Machine = {
    isRoot: options.isRoot,
    environment: options.environment ?? {},
    has: (command) => here.has(command),
    run: async (command, args) => {
      ran.push([command, ...args].join(' '));
      if (args.includes('install')) for (const brought of options.installBrings ?? []) here.add(brought);
      return 0;
    },
    say: (line) => said.push(line),
  };
  return { port, ran, said };
}

describe('what the tests need of the system', () => {
  test('is there: nothing is run and nothing said', async () => {
    const { port, ran, said } = machine({ has: ['tracer'], isRoot: true });
    assert.equal(await ensureSystemTools([tool], port), true);
    assert.deepEqual([...ran, ...said], []);
  });

  test('is installed by root, with a line saying so', async () => {
    const { port, ran, said } = machine({ has: ['apt-get'], isRoot: true, installBrings: ['tracer'] });
    assert.equal(await ensureSystemTools([tool], port), true);
    assert.deepEqual(ran, ['apt-get -q update', 'apt-get -q install -y --no-install-recommends tracer-package']);
    assert.deepEqual(said, ['the tests need tracer (counting): installing with apt-get …']);
  });

  test('anybody else is told the command', async () => {
    const { port, ran, said } = machine({ has: ['apt-get'], isRoot: false });
    assert.equal(await ensureSystemTools([tool], port), false);
    assert.deepEqual(ran, []);
    assert.match(said.join('\n'), /run "sudo apt-get install tracer-package" and try again/);
  });

  test('without apt, what to do is said', async () => {
    const { port, said } = machine({ has: [], isRoot: true });
    assert.equal(await ensureSystemTools([tool], port), false);
    assert.match(said.join('\n'), /tracer: it exists for Linux only/);
  });

  test('a program that a variable names is not looked for', async () => {
    const { port, ran, said } = machine({ has: ['apt-get'], isRoot: true, environment: { TRACER: '/opt/tracer' } });
    assert.equal(await ensureSystemTools([{ ...tool, variable: 'TRACER' }], port), true);
    assert.deepEqual([...ran, ...said], []);
    assert.equal(await ensureSystemTools([tool], port), false);
  });

  test('an install that brings nothing is a failure, whatever its exit code', async () => {
    const { port, said } = machine({ has: ['apt-get'], isRoot: true });
    assert.equal(await ensureSystemTools([tool], port), false);
    assert.match(said.at(-1) ?? '', /could not install tracer-package/);
  });
});
