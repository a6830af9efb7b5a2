import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startNatsServer } from '../../ops/scripts/nats-server.ts';
import type { MemberId } from '../../src/raft/types.ts';
import type { NatsAccess, NatsCredential } from '../../src/transport/nats-access.ts';
import { batchOf, listening } from '../contract/transport.ts';
import { selfSigned } from '../dispatch/self-signed.ts';
import { until } from '../whole/serving.ts';
import { operatorMode, userSeed } from './nats-credentials.ts';
import { openNatsNetwork } from './nats-network.ts';

describe('ways into NATS', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'xcron-nats-access-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  let files = 0;
  function file(text: string): string {
    files += 1;
    const path = join(directory, `${files}`);
    writeFileSync(path, text);
    return path;
  }

  /** With it two nodes talk; with `wrong`, a node stays outside, and says why in a word that holds no secret (I11). */
  async function lets(
    flags: readonly string[],
    right: Partial<NatsAccess>,
    wrong: Partial<NatsAccess>,
    secrets: readonly string[] = [],
  ): Promise<void> {
    const server = await startNatsServer({ flags });
    const network = await openNatsNetwork(server);
    const url = server.url.replace(
      'nats://127.0.0.1',
      right.tls === undefined ? 'nats://127.0.0.1' : 'tls://localhost',
    );
    const access: NatsAccess = { servers: [url], credential: { kind: 'none' }, tls: null, ...right };
    try {
      const first = await network.join('n1', { access });
      const second = await network.join('n2', { access });
      const heard = listening(second, 'n2/i-n2' as MemberId);
      first.send('n2/i-n2' as MemberId, batchOf([], ['hello']));
      await until(
        () => heard.batches.length === 1,
        () => 'nothing arrived',
      );
      const outside = network.open('n3', { access: { ...access, ...wrong } });
      await until(
        () => network.events.some((event) => event.startsWith('n3 disconnected')),
        () => network.events.join('\n'),
      );
      const said = [...network.events, outside.trouble() ?? assert.fail('it is in')].join('\n');
      for (const secret of secrets) assert.ok(!said.includes(secret), said);
    } finally {
      await network.close();
      await server.kill('SIGKILL');
    }
  }
  const only = (credential: NatsCredential): Partial<NatsAccess> => ({ credential });

  test('user and password', () =>
    lets(
      ['--user', 'node', '--pass', 'right-password'],
      only({ kind: 'user', user: 'node', password: 'right-password' }),
      only({ kind: 'user', user: 'node', password: 'wrong-password' }),
      ['right-password', 'wrong-password'],
    ));

  test('a token', () =>
    lets(
      ['--auth', 'right-token'],
      only({ kind: 'token', token: 'right-token' }),
      only({ kind: 'token', token: 'wrong-token' }),
      ['right-token', 'wrong-token'],
    ));

  test('an nkey seed', async () => {
    const [known, stranger] = [userSeed(), userSeed()];
    await lets(
      ['-c', file(`authorization { users: [ { nkey: ${known.publicKey} } ] }`)],
      only({ kind: 'seed', seed: known.seed }),
      only({ kind: 'seed', seed: stranger.seed }),
      [known.seed, stranger.seed],
    );
  });

  test('a file of credentials', async () => {
    const [known, stranger] = [operatorMode(), operatorMode()];
    await lets(
      ['-c', file(known.configuration)],
      only({ kind: 'creds', creds: known.creds }),
      only({ kind: 'creds', creds: stranger.creds }),
    );
  });

  test('TLS: the server is known by its authority, and the node by its certificate', async () => {
    const [server, node] = [selfSigned('localhost'), selfSigned('n1')];
    const tls = { ca: server.cert, cert: node.cert, key: node.key };
    const flags = ['--tls', '--tlscert', file(server.cert), '--tlskey', file(server.key)];
    await lets([...flags, '--tlsverify', '--tlscacert', file(node.cert)], { tls }, { tls: { ca: server.cert } });
    await lets(flags, { tls: { ca: server.cert } }, { tls: { ca: selfSigned('localhost').cert } });
  });
});
