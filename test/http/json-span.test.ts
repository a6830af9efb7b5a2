import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutAt, spanAt, tooDeepAt } from '../../src/http/json-span.ts';

/** JSON text that no printer would make: blanks anywhere, escapes in keys, equal keys, odd numbers. */
const blank = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 2 });
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A string in quotes, some of its characters written as escapes. */
const stringText = (content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(content, fc.nat()).map(([text, escapes]) => {
    const written = text.split('').map((character, index) => {
      const must = JSON.stringify(character).length > 3;
      return must || (escapes >> (index % 30)) % 2 === 1 ? escaped(character) : character;
    });
    return `"${written.join('')}"`;
  });

// No key with a backslash in it: V8 (13.6 for one) reads {"a":1,"\\u0061":2} wrongly once it has seen a key that is one backslash at
// that place. Keys of ours have none, and are read rightly.
const key = stringText(fc.constantFrom('callback', 'body', 'a', '', '__proto__', '"', 'bod\u0000y', 'constructor'));
const scalar = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1.0',
    '1e999',
    '289057701458138645',
    '-12.50E+3',
    '""',
    '"\\\\"',
  ),
  stringText(fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => text.isWellFormed())),
  fc.constantFrom('"}"', '"]\\""', '"\\\\\\"{"', '"\\ud800"'),
);

const { document, object } = fc.letrec<{ document: string; object: string; array: string }>((tie) => ({
  document: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('object'), tie('array')),
  object: fc
    .array(fc.tuple(blank, key, blank, blank, tie('document'), blank), { maxLength: 5 })
    .map((members) => `{${members.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`).join(',')}}`),
  array: fc
    .array(fc.tuple(blank, tie('document'), blank), { maxLength: 4 })
    .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
}));

const text = fc.tuple(blank, document, blank).map((parts) => parts.join(''));
const path = fc.array(fc.constantFrom('callback', 'body', 'a', '', '__proto__', '"', 'constructor'), {
  maxLength: 3,
});

/** What JSON.parse sees at a path, own members only. */
function parsedAt(source: string, keys: readonly string[]): { readonly found: boolean; readonly value?: unknown } {
  let value: unknown = JSON.parse(source);
  for (const one of keys) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { found: false };
    const member = Object.getOwnPropertyDescriptor(value, one);
    if (member === undefined) return { found: false };
    value = member.value;
  }
  return { found: true, value };
}

test('the cut text stands at its place, has no blanks around it, and parses to what JSON.parse sees there', () => {
  let cuts = 0;
  fc.assert(
    fc.property(fc.oneof(text, object, object), path, (source, keys) => {
      const expected = parsedAt(source, keys);
      const span = spanAt(source, keys);
      if (span === null || keys.length === 0) return assert.equal(expected.found, keys.length === 0);
      const cut = source.slice(span.start, span.end);
      assert.equal(cut, cutAt(source, keys));
      assert.equal(cut, cut.trim());
      assert.deepEqual(JSON.parse(cut), expected.value);
      cuts += 1;
    }),
    { numRuns: 3_000 },
  );
  assert.ok(cuts > 100, `only ${cuts} documents had the path`);
});

test('callback.body of any document is cut as it was written', () => {
  fc.assert(
    fc.property(text, fc.array(fc.tuple(key, text), { maxLength: 4 }), blank, (body, others, space) => {
      const members = others.map(([name, value]) => `${name}:${value},`).join('');
      const source = `{${members}${space}"c\\u0061llback"${space}:{"body":1,${members}"body"${space}:${body}${space}}${space}}`;
      const trimmed = body.replace(/^[ \n\r\t]+|[ \n\r\t]+$/g, '');
      assert.equal(cutAt(source, ['callback', 'body']), trimmed);
    }),
    { numRuns: 1_000 },
  );
});

test('nesting costs no stack, and equal keys no square', () => {
  const depth = 100_000;
  const deep = `{"callback":{"body":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  assert.equal(cutAt(deep, ['callback', 'body'])?.length, depth * 2);
  assert.equal(tooDeepAt(deep, 256), deep.indexOf('[') + 254);
  const equal = `{"callback":{${'"body":1,'.repeat(30_000)}"body":2}}`;
  const startedMs = performance.now();
  assert.equal(cutAt(equal, ['callback', 'body']), '2');
  const slashes = `{"callback":{"body":"${'\\\\'.repeat(100_000)}"}}`;
  assert.equal(cutAt(slashes, ['callback', 'body'])?.length, 200_002);
  assert.ok(performance.now() - startedMs < 500);
});

test('depth is counted outside strings', () => {
  fc.assert(
    fc.property(document, fc.integer({ min: 0, max: 6 }), (source, depthMax) => {
      const depthOf = (value: unknown): number =>
        typeof value !== 'object' || value === null
          ? 0
          : 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner)));
      // Members that a later one of the same name replaces are counted by us and not seen by JSON.parse.
      if (depthOf(JSON.parse(source)) > depthMax) assert.notEqual(tooDeepAt(source, depthMax), null);
      else if (!source.includes('{')) assert.equal(tooDeepAt(source, depthMax), null);
    }),
  );
});
