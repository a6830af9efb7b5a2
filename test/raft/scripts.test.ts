import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { runScript } from './script/run-script.ts';
import { difference, parseScript, writeScript } from './script/script-file.ts';

const folder = new URL('scripts/', import.meta.url);

describe('golden scripts', () => {
  for (const name of readdirSync(folder).sort()) {
    test(name, () => {
      const path = `test/raft/scripts/${name}`;
      const lines = parseScript(readFileSync(new URL(name, folder), 'utf8'));
      const found = difference(path, lines, runScript(path, lines));
      if (found !== null) assert.fail(found);
    });
  }
});

describe('the interpreter', () => {
  // Two voters, so that nobody is elected at once.
  const script = ['# why', 'cluster of n1 n2', 'n1 times out', '  n1 is leader in term 9', ''].join('\n');

  test('what is written is what was read', () => assert.equal(writeScript(parseScript(script)), script));

  test('a script that is not what happens fails with file, line and both versions', () => {
    const lines = parseScript(script);
    const found = difference('a.txt', lines, runScript('a.txt', lines));
    assert.match(
      found ?? '',
      /^a\.txt:4: not what happened after "n1 times out"\n {2}- n1 is leader in term 9\n {2}\+ n1 /,
    );
  });

  test('a command that nobody knows fails with file and line', () => {
    assert.throws(() => runScript('a.txt', parseScript('cluster of n1 n2\nn1 flies')), /a\.txt:2: n1 flies/);
  });
});
