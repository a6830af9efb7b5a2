import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { nodeFlags } from '../../ops/scripts/runtime.mjs';
import { loadConfiguration } from '../../src/cli/configuration.ts';
import { EXIT } from '../../src/cli/exit-code.ts';
import { SETTING_NAMES, SETTINGS, variableOf } from '../../src/cli/settings.ts';
import { DRAIN_MAX_MS } from '../../src/node/limits.ts';
import { ROOT, readProjectFile } from '../house/project-files.ts';

/** What starts a node elsewhere says what the code says: its settings, its flags, its exit codes, how long it drains. */
const FLAGS = nodeFlags(['serve']);
const SECRETS = SETTING_NAMES.filter((name) => 'secret' in SETTINGS[name]).map(variableOf);

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly restart: string;
  readonly stop_grace_period: string;
}

/** Problems and warnings of a node that starts in this environment. A variable that is no setting is a warning. */
function judged(environment: Readonly<Record<string, string>>): readonly string[] {
  const configuration = loadConfiguration({ flags: new Map(), configFlag: null, environment, readText: () => null });
  return [...configuration.warnings, ...(configuration.ok ? [] : configuration.problems)];
}

const assignments = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/\b([A-Z][A-Z_]+)=(\S*)/g)].map(([, name, value]) => [name, value]));

describe('the unit of systemd', () => {
  const unit = readProjectFile('ops/systemd/xcron.service');
  const said = (key: string) =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value).join(' ');

  test('starts the launcher with the flags of V8', () => {
    assert.equal(said('ExecStart'), `node ${FLAGS.join(' ')} /opt/xcron/src/cli/xcron.mjs serve`);
  });
  test('does not start again what cannot go on', () => {
    assert.equal(said('Restart'), 'on-failure');
    const prevented = said('RestartPreventExitStatus').split(' ').map(Number);
    assert.deepEqual(prevented, [EXIT.usage, EXIT.invariantBroken, EXIT.storage]);
  });
  test('waits for callbacks on their way', () => {
    assert.ok(Number(said('TimeoutStopSec')) * 1_000 > DRAIN_MAX_MS);
  });
  test('sets what is a setting', () => {
    const { NODE_COMPILE_CACHE: _, ...environment } = assignments(said('Environment'));
    assert.deepEqual(judged({ ...environment, ...assignments(readProjectFile('ops/systemd/xcron.env.example')) }), []);
    assert.equal(environment.XCRON_DATA_DIR, `%S/${said('StateDirectory')}`);
  });
});

describe('the image', () => {
  const dockerfile = readProjectFile('ops/Dockerfile');
  const instructions = dockerfile
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const last = (name: string) =>
    instructions.findLast((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? '';
  const environment = assignments(last('ENV'));

  test('copies what is there', () => {
    const copied = instructions
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    for (const path of copied) assert.ok(existsSync(join(ROOT, path)), path);
    assert.ok(copied.includes('.'));
  });
  test('starts Node itself, with the flags of V8 and as nobody in particular', () => {
    assert.deepEqual(JSON.parse(last('ENTRYPOINT')), ['node', ...FLAGS, '/opt/xcron/src/cli/xcron.mjs']);
    assert.deepEqual(JSON.parse(last('CMD')), ['serve']);
    assert.equal(last('USER'), 'node');
    assert.equal(last('STOPSIGNAL'), 'SIGTERM');
    assert.equal(last('VOLUME'), environment.XCRON_DATA_DIR);
  });
  test('sets what is a setting, and no token', () => {
    assert.deepEqual(judged({ ...environment, XCRON_API_TOKEN: 'given-at-the-start' }), []);
    assert.match(judged(environment).join(), /there is no API token/);
  });
  for (const [status, code] of [
    [200, 0],
    [503, 1],
  ] as const) {
    test(`is ${code === 0 ? 'well' : 'ill'} when /livez answers ${status}`, async (t) => {
      const paths: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        paths.push(request.url);
        response.writeHead(status).end();
      }).listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      const [, command = ''] = /CMD (\[.*\])$/.exec(last('HEALTHCHECK')) ?? [];
      const [program, ...args]: readonly string[] = JSON.parse(command);
      assert.equal(program, 'node');
      const { port } = server.address() as AddressInfo;
      const probe = spawn(process.execPath, args, {
        env: { XCRON_HTTP_PORT: String(port), XCRON_HTTP_BASE_PATH: '/x' },
      });
      assert.deepEqual(await once(probe, 'exit'), [code, null]);
      assert.deepEqual(paths, ['/x/livez']);
    });
  }
});

describe('the compose file', () => {
  const folder = 'ops/compose';
  const compose = parse(readProjectFile(`${folder}/compose.yaml`), { merge: true });
  const env = readProjectFile(`${folder}/env.example`);
  const services: readonly (readonly [string, Service])[] = Object.entries(compose.services);
  const nodes = services.filter(([, { image }]) => image === 'xcron');
  const brokers = services.filter(([, { image }]) => image !== 'xcron').map(([name]) => name);
  const interpolated = (environment: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value.replace(/\$\{\w+:\?[^}]*\}/, 'f'.repeat(32))]),
    );

  test('has three nodes that found one cluster, with settings that a node takes', () => {
    const image = assignments(/^ENV (.*)$/m.exec(readProjectFile('ops/Dockerfile'))?.[1] ?? '');
    assert.equal(nodes.length, 3);
    for (const [name, { environment }] of nodes) {
      assert.deepEqual(judged({ ...image, ...interpolated(environment) }), [], name);
      const { XCRON_NODE_ID: id, XCRON_PEERS: peers, XCRON_NATS_URL: urls } = environment;
      assert.equal(id, name);
      assert.deepEqual(
        peers?.split(','),
        nodes.map(([node]) => node),
      );
      assert.deepEqual(
        urls?.split(','),
        brokers.map((broker) => `nats://${broker}:4222`),
      );
    }
  });
  test('holds no secret: each comes from .env, which the example names', () => {
    const asked = new Set<string>();
    for (const [name, { environment }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (SECRETS.includes(variable)) assert.match(value, new RegExp(`^\\$\\{${variable}:\\?[^}]+\\}$`), name);
        for (const [, from = ''] of value.matchAll(/\$\{(\w+)/g)) asked.add(from);
      }
    }
    assert.deepEqual([...asked].sort(), Object.keys(assignments(env)).sort());
    assert.ok(Object.values(assignments(env)).every((value) => value === ''));
    assert.ok(readProjectFile('.gitignore').split('\n').includes('.env'));
    assert.ok(readProjectFile('.dockerignore').split('\n').includes('**/.env'));
  });
  test('waits for callbacks on their way, and gives up on a node that cannot go on', () => {
    for (const [name, { stop_grace_period: grace, restart }] of nodes) {
      assert.ok(Number(/^(\d+)s$/.exec(grace)?.[1]) * 1_000 > DRAIN_MAX_MS, name);
      assert.match(restart, /^on-failure:\d$/, name);
    }
  });
  test('keeps the data of each node in a volume of its own', () => {
    const data = assignments(readProjectFile('ops/Dockerfile')).XCRON_DATA_DIR;
    for (const [name, { volumes }] of nodes) assert.deepEqual(volumes, [`${name}:${data}`]);
    assert.deepEqual(
      Object.keys(compose.volumes),
      nodes.map(([name]) => name),
    );
  });
  test('names files that are there, and NATS servers that know each other', () => {
    const { build } = compose['x-xcron'];
    assert.equal(join(ROOT, folder, build.context), ROOT.replace(/\/$/, ''));
    assert.ok(existsSync(join(ROOT, build.dockerfile)));
    const configuration = readProjectFile(`${folder}/nats.conf`);
    for (const broker of brokers) {
      const routes = Object.entries<string>(compose.services[broker].environment).filter(([name]) =>
        /^NATS_ROUTE_\d$/.test(name),
      );
      assert.deepEqual(
        routes.map(([, url]) => /@(\w+):6222$/.exec(url)?.[1]),
        brokers,
      );
      for (const [name] of routes) assert.ok(configuration.includes(`$${name}`), name);
    }
    for (const [, variable = ''] of configuration.matchAll(/\$([A-Z_]+[A-Z\d_]*)\b(?!\.)/g)) {
      if (variable === 'SRV') continue;
      for (const broker of brokers) assert.ok(compose.services[broker].environment[variable] !== undefined, variable);
    }
  });
});
