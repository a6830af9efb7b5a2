import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { indented, memberText } from '../../src/ui/api/json-text.ts';

describe('JSON as it is written', () => {
  test('a member is cut out as it stands', () => {
    const body = '{ "2":1, "1": 1.0, "k":[ 289057701458138645, "}\\"" ], "k":4 }';
    const answer = `{"name":"body\\":{","body":"not this","callback":{"headers":{"body":"nor this"},"body":${body}},"x":[1]}`;
    assert.equal(memberText(answer, ['callback', 'body']), body);
    assert.equal(memberText(answer, ['callback', 'none']), undefined);
    assert.equal(memberText(answer, ['none', 'body']), undefined);
    for (const value of ['null', '"a:b"', '-1e3', '[]', '{}'])
      assert.equal(memberText(`{"callback": {"body" : ${value} } }`, ['callback', 'body']), value);
  });

  test('what is cut off inside a text is read once, and not in every way that it could be', () => {
    const cut = 'x'.repeat(1_000);
    // Of no JSON it says nothing worth reading, but it ends.
    assert.equal(indented(`"${cut}`), cut);
  });

  test('it is set out in lines, token by token', () => {
    assert.equal(
      indented('{"a":1.0,"a":[],"b":[{},2]}'),
      '{\n  "a": 1.0,\n  "a": [],\n  "b": [\n    {},\n    2\n  ]\n}',
    );
    assert.equal(indented('"a, {b}: c"'), '"a, {b}: c"');
  });

  test('of what has one way of being written, it is set out as by JSON.stringify', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value = JSON.parse(text);
        assert.equal(indented(JSON.stringify(value)), JSON.stringify(value, null, 2));
        assert.equal(memberText(`{"a":{"b":${text}}}`, ['a', 'b']), text);
      }),
    );
  });
});
