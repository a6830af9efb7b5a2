import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peeringOf } from '../../src/cli/peering.ts';
import { SETTINGS, type SettingName, type SettingValues } from '../../src/cli/settings.ts';
import { operatorMode, userSeed } from '../transport/nats-credentials.ts';

const defaults = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, { fallback }]) => [name, fallback]),
) as unknown as SettingValues;
const natsUrl = ['nats://127.0.0.1'];

function peering(values: Partial<Record<SettingName, unknown>>, files: Readonly<Record<string, string>> = {}) {
  return peeringOf({ ...defaults, natsUrl, ...values } as SettingValues, (path) => files[path] ?? null);
}

test('without a server a node is alone; with one it has the way in that it was given', () => {
  assert.deepEqual(peering({ natsUrl: [] }), { ok: true, value: null });
  const { creds } = operatorMode();
  const { seed } = userSeed();
  const clusterSecret = 'sixteen-or-more-of-them';
  for (const [values, credential] of [
    [{}, { kind: 'none' }],
    [
      { natsUser: 'n1', natsPassword: 'p' },
      { kind: 'user', user: 'n1', password: 'p' },
    ],
    [{ natsToken: 't' }, { kind: 'token', token: 't' }],
    [{ natsSeed: seed }, { kind: 'seed', seed }],
    [{ natsCredsFile: 'n1.creds' }, { kind: 'creds', creds }],
  ] as const) {
    const found = peering({ ...values, clusterSecret }, { 'n1.creds': creds });
    const access = { servers: natsUrl, credential, tls: null };
    assert.deepEqual(found, { ok: true, value: { access, secret: clusterSecret } });
  }
});

test('files that are not there, or hold something else, are named with what they should hold', () => {
  const pem = '-----BEGIN CERTIFICATE-----\n';
  const found = peering(
    { natsCredsFile: 'c', natsCaFile: 'a', natsCertFile: 'e', natsKeyFile: 'k' },
    { c: 'x', a: pem, k: pem },
  );
  assert.deepEqual(found, {
    ok: false,
    error: [
      'nats_creds_file = "c" holds no credentials of NATS',
      'nats_cert_file = "e" does not exist',
      'nats_key_file = "k" holds no private key in PEM',
    ],
  });
  const given = peering({ natsCaFile: 'a' }, { a: pem });
  assert.deepEqual(given.ok && given.value?.access.tls, { ca: pem });
});
