import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forbiddenImports, importCycles, impureCalls, unknownRooms } from './layering.ts';
import { projectFiles, readProjectFile } from './project-files.ts';
import { EXCEPTIONS } from './rooms.ts';
import { importsOf } from './source-code.ts';

const production = [...projectFiles('src/'), ...projectFiles('machines/')].filter((path) =>
  /\.(ts|tsx|mjs)$/.test(path),
);
const sources = new Map(production.map((path) => [path, readProjectFile(path)]));
const none = (problems: readonly string[]) => assert.equal(problems.join('\n'), '');

describe('who may import whom', () => {
  test('every file stands in a room of the design', () => none(unknownRooms(production)));
  test('no import that the table does not allow, no exception that is not needed', () => {
    const used = new Set<string>();
    none(forbiddenImports(sources, used));
    assert.deepEqual([...used].sort(), Object.keys(EXCEPTIONS).sort());
  });
  test('pure rooms see no clock, no randomness, no I/O (I9)', () => none(impureCalls(sources)));
  test('no cycles', () => none(importCycles(sources)));
});

describe('the check itself', () => {
  const verdict = (path: string, source: string) => forbiddenImports(new Map([[path, source]]));

  const forbidden: readonly (readonly [path: string, source: string, why: RegExp])[] = [
    ['src/raft/a.ts', "import type { Task } from '../tasks/task.ts';", /raft may not know tasks/],
    ['src/tasks/a.ts', "import type { Term } from '../raft/types.ts';", /tasks may not know raft/],
    ['src/tasks/a.ts', "import { parse } from '../schedule/parse.ts';", /types of schedule only/],
    ['src/tasks/a.ts', "import { type Schedule } from '../schedule/types.ts';", /types of schedule only/],
    ['src/tasks/a.ts', "export * from '../schedule/types.ts';", /types of schedule only/],
    ['src/tasks/a.ts', "import {\n  a,\n  b,\n} from '../schedule/types.ts';", /types of schedule only/],
    ['src/raft/a.ts', "import { produce } from 'immer';", /of packages, raft may import xstate/],
    ['src/schedule/a.ts', "import fs from 'fs';", /no I\/O/],
    ['src/schedule/a.ts', "import { env } from 'process';", /no I\/O/],
    ['src/raft/a.ts', "import type { Stats } from 'node:fs';", /no I\/O/],
    ['src/raft/a.ts', "const fs = await import('node:fs');", /no I\/O/],
    ['src/raft/a.ts', 'const fs = await import(name);', /may import xstate/],
    ['src/raft/a.ts', "import '../node/loop.ts';", /raft may not know node/],
    ['src/raft/a.ts', "import { systemClock } from '../clock.ts';", /see no clock/],
    ['machines/a.ts', "import type { Term } from '../src/raft/types.ts';", /machines may not know raft/],
    ['src/store/a.ts', "import { fold } from '../tasks/evolve.ts';", /types of tasks only/],
    ['src/store/a.ts', "new Worker(new URL('../node/worker.ts', import.meta.url))", /store may not know node/],
    ['src/node/a.ts', "import { listen } from '../http/server.ts';", /node may not know http/],
    ['src/http/a.ts', "import { Log } from '../store/log.ts';", /http may not know store/],
    ['src/node/a.ts', "import { run } from '../sim/run.ts';", /node may not know sim/],
    ['src/cli/a.ts', "import { given } from '../../test/tasks/given.ts';", /production code only/],
    ['src/brand.ts', "import type { Term } from './raft/types.ts';", /shared files stand on nothing/],
  ];
  for (const [path, source, why] of forbidden) {
    test(`refuses ${JSON.stringify(source)} in ${path}`, () => {
      const problems = verdict(path, source);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', why);
    });
  }

  const allowed: readonly (readonly [path: string, source: string])[] = [
    ['src/raft/a.ts', "import type { Schedule } from '../schedule/types.ts';"],
    ['src/raft/a.ts', "import { createMachine } from 'xstate';\nimport { roles } from '../../machines/raft-role.ts';"],
    ['src/raft/a.ts', "import type { Clock } from '../clock.ts';\nimport { ok } from '../result.ts';"],
    ['src/raft/a.ts', "// import fs from 'node:fs';\n/* import 'node:fs'; */"],
    ['src/raft/a.ts', 'const example = "import fs from \'node:fs\';";'],
    ['src/store/a.ts', "import Database from 'better-sqlite3';\nimport type { Entry } from '../raft/types.ts';"],
    ['src/node/a.ts', "import { step } from '../raft/step.ts';\nimport { setTimeout } from 'node:timers/promises';"],
  ];
  for (const [path, source] of allowed) {
    test(`allows ${JSON.stringify(source)} in ${path}`, () => none(verdict(path, source)));
  }

  test('reads what kind of import it is, and where', () => {
    const source =
      "/* a\n */ import type A from './a.ts';\nimport b, { type C } from './b.ts'; export type { D } from './d.ts';";
    assert.deepEqual(importsOf(source), [
      { specifier: './a.ts', typeOnly: true, line: 2 },
      { specifier: './b.ts', typeOnly: false, line: 3 },
      { specifier: './d.ts', typeOnly: true, line: 3 },
    ]);
  });

  const impure = [
    ...['Date.now()', 'new Date()', 'new Date', 'Date()', 'performance.now()', 'setTimeout(f, 1)', 'Math.random()'],
    ...[
      'crypto.randomUUID()',
      'process.env',
      'console.log(1)',
      'a.localeCompare(b)',
      'date.getHours()',
      'Intl.NumberFormat()',
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a sample of source text that holds a template
    ...['`${Date.now()}`', 'a / b; Date.now(); c / d', '/[\'"]/; Math.random()', 'f(import.meta.url)'],
  ];
  for (const code of impure) {
    test(`sees ${code} in a pure room`, () => {
      assert.equal(impureCalls(new Map([['src/tasks/a.ts', code]])).length, 1);
      none(impureCalls(new Map([['src/node/a.ts', code]])));
    });
  }
  for (const code of [
    'new Date(0)',
    '// Date.now()',
    "'Math.random()'",
    '`Date.now()`',
    'task.process.id',
    '/Date.now()/',
  ]) {
    test(`sees nothing in ${code}`, () => none(impureCalls(new Map([['src/tasks/a.ts', code]]))));
  }
  test('zones are allowed in schedule, clocks are not', () => {
    none(impureCalls(new Map([['src/schedule/a.ts', 'new Intl.DateTimeFormat()']])));
    assert.equal(impureCalls(new Map([['src/schedule/a.ts', 'Date.now()']])).length, 1);
  });

  test('finds a cycle, also through types and from outside it', () => {
    const cycle = new Map([
      ['src/raft/a.ts', "import './b.ts';"],
      ['src/raft/b.ts', "import type { C } from './c.ts';"],
      ['src/raft/c.ts', "import { b } from './b.ts';"],
    ]);
    assert.deepEqual(importCycles(cycle), ['src/raft/b.ts → src/raft/c.ts → src/raft/b.ts']);
  });
  test('finds a file outside every room', () => {
    assert.deepEqual(unknownRooms(['src/utils/a.ts', 'src/stray.ts', 'src/raft/a.ts']), [
      'src/utils/a.ts',
      'src/stray.ts',
    ]);
  });
});
