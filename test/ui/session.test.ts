import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf } from '../../src/ui/api/problem.ts';
import { createSession, type TokenStorage } from '../../src/ui/api/session.ts';

function storage(): TokenStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

describe('who is signed in', () => {
  test('the token outlives a page, and ends with signing out', () => {
    const tab = storage();
    createSession(tab).signIn(' secret\n');
    const session = createSession(tab);
    assert.equal(session.token(), 'secret');
    session.signOut();
    assert.equal(session.token(), null);
    assert.equal(session.refusal()?.kind, 'signed_out');
    assert.equal(tab.kept.size, 0);
  });

  test('a refusal stands until somebody signs in, and whoever watches is told of both', () => {
    const session = createSession(storage());
    const seen: (string | undefined)[] = [];
    const stop = session.watch(() => seen.push(session.refusal()?.kind));
    session.refused(problemOf(401, null, false));
    session.signIn('secret');
    stop();
    session.signOut();
    assert.deepEqual(seen, ['signed_out', undefined]);
  });

  test('where storage is forbidden the token is kept for as long as the page is open', () => {
    const forbidden = (): never => {
      throw new Error('forbidden');
    };
    const session = createSession({ getItem: forbidden, setItem: forbidden, removeItem: forbidden });
    session.signIn('secret');
    assert.equal(session.token(), 'secret');
  });
});
