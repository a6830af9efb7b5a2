import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNote } from '../../src/node/peer-notes.ts';

const seen = { member: 'n1/a', httpUrl: 'http://10.0.0.1:8000/x', matchIndex: 4, lagMs: 20, alive: true };

test('what members tell of themselves and of each other is taken when it is that, and nothing else', () => {
  for (const note of [
    { kind: 'here', httpUrl: 'https://n1.example:8000' },
    { kind: 'seen', members: [] },
    { kind: 'seen', members: [seen, { ...seen, httpUrl: null, matchIndex: null, lagMs: null, alive: false }] },
  ])
    assert.deepEqual(readNote(note), note);
  for (const note of [
    { kind: 'here' },
    { kind: 'here', httpUrl: 'javascript:alert(1)' },
    { kind: 'here', httpUrl: `http://${'x'.repeat(512)}` },
    { kind: 'here', httpUrl: 7 },
    { kind: 'seen' },
    { kind: 'seen', members: 'n1' },
    { kind: 'seen', members: [null] },
    { kind: 'seen', members: [{ ...seen, member: 1 }] },
    { kind: 'seen', members: [{ ...seen, httpUrl: 'file:///etc/passwd' }] },
    { kind: 'seen', members: [{ ...seen, alive: 'yes' }] },
    { kind: 'seen', members: [{ ...seen, lagMs: '1' }] },
  ])
    assert.equal(readNote(note), null, JSON.stringify(note));
});
