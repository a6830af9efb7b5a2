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

  test('a token that no header can hold is refused in words, given or kept', () => {
    for (const unfit of ['☃', '“secret”', 'se\u200Bcret', 'se cret']) {
      const tab = storage();
      const session = createSession(tab);
      session.signIn(unfit);
      assert.match(session.refusal()?.detail ?? '', /^A token has only visible ASCII characters/, unfit);
      assert.deepEqual([session.token(), tab.kept.size], [null, 0]);
      tab.setItem('xcron-token', unfit);
      const later = createSession(tab);
      assert.deepEqual([later.token(), later.refusal()?.title, tab.kept.size], [null, 'That is no token', 0]);
      later.signIn('secret');
      assert.deepEqual([later.token(), later.refusal()], ['secret', null]);
    }
  });

  test('of no token it is said that none was given, and one that was kept is none', () => {
    const session = createSession(storage());
    session.signIn(' \n');
    assert.equal(session.refusal()?.title, 'No token was given');
    const tab = storage();
    tab.setItem('xcron-token', '');
    assert.equal(createSession(tab).refusal(), null);
  });

  test('who is refused is not signed in, and is not asked whether to sign out', () => {
    const session = createSession(storage());
    assert.equal(session.isSignedIn(), false);
    session.signIn('wrong');
    assert.equal(session.isSignedIn(), true);
    session.refused(problemOf(401, null, true));
    assert.equal(session.isSignedIn(), false);
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
