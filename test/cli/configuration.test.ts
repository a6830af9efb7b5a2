import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ConfigurationInput, loadConfiguration } from '../../src/cli/configuration.ts';
import { configurationInWords } from '../../src/cli/print-configuration.ts';
import { fileKey, flagOf, SETTING_NAMES, SETTINGS, type SettingName, variableOf } from '../../src/cli/settings.ts';

interface Sources {
  readonly flags?: Partial<Record<SettingName, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly config?: string;
}

function load({ flags = {}, environment = {}, files = {}, config }: Sources) {
  const input: ConfigurationInput = {
    flags: new Map(Object.entries(flags) as [SettingName, string][]),
    configFlag: config ?? null,
    environment,
    readText: (path) => files[path] ?? null,
  };
  return loadConfiguration(input);
}

function loaded(sources: Sources) {
  const configuration = load(sources);
  assert.ok(configuration.ok, JSON.stringify(configuration));
  return configuration;
}

function problems(sources: Sources): readonly string[] {
  const configuration = load(sources);
  assert.equal(configuration.ok, false, 'it was taken');
  return configuration.ok ? [] : configuration.problems;
}

const toml = (text: string): Sources => ({ files: { './xcron.toml': text } });

describe('where a value comes from', () => {
  test('nothing given: every default, and said to be one', () => {
    const { values, sources, warnings } = loaded({});
    for (const name of SETTING_NAMES) {
      assert.deepEqual(values[name], SETTINGS[name].fallback);
      assert.equal(sources[name], 'default');
    }
    assert.deepEqual(warnings, []);
  });

  test('flags beat environment beats file beats defaults, for every setting and every choice of sources', () => {
    /** Three values of each that differ, as they are written in all sources. */
    const samples: Readonly<Record<SettingName, readonly [string, string, string]>> = {
      nodeId: ['a', 'b', 'c'],
      cluster: ['x', 'y', 'z'],
      httpHost: ['127.0.0.2', '127.0.0.3', '::1'],
      httpPort: ['1', '2', '3'],
      httpBasePath: ['/a', '/b/c', ''],
      httpHostNames: ['a.example', 'b', 'c,d'],
      natsUrl: ['nats://127.0.0.1:1', 'localhost:2', 'tls://[::1]:3,127.0.0.1'],
      peers: ['a,b', 'c', 'd,e,f'],
      natsEvents: ['true', 'false', 'true'],
      join: ['true', 'false', 'true'],
      role: ['worker', 'voter', 'worker'],
      natsUser: ['u', 'v', 'w'],
      natsPassword: ['p', 'q', 'r'],
      natsPasswordFile: ['p1', 'p2', 'p3'],
      natsToken: ['t', 'u', 'v'],
      natsTokenFile: ['t1', 't2', 't3'],
      natsSeed: ['s', 't', 'u'],
      natsSeedFile: ['s1', 's2', 's3'],
      natsCredsFile: ['c1', 'c2', 'c3'],
      natsCaFile: ['a1', 'a2', 'a3'],
      natsCertFile: ['e1', 'e2', 'e3'],
      natsKeyFile: ['k1', 'k2', 'k3'],
      clusterSecret: ['a-secret-of-flags', 'a-secret-of-environment', 'a-secret-of-the-file'],
      clusterSecretFile: ['x1', 'x2', 'x3'],
      featureLevel: ['1', '2', '1'],
      lookAhead: ['500ms', '1s', '3s'],
      dataDir: ['./1', './2', './3'],
      apiToken: ['flag', 'environment', 'file'],
      apiTokenFile: ['f1', 'f2', 'f3'],
      insecureOpen: ['true', 'false', 'true'],
      callbackAllow: ['10.0.0.0/8', '10.0.0.1', '::1'],
      callbackDeny: ['10.0.0.0/8', '10.0.0.1', ''],
      defaultTimezone: ['Asia/Tokyo', 'Europe/Berlin', 'UTC'],
      logLevel: ['error', 'warn', 'debug'],
    };
    // Those that say something only together have tests of their own.
    const together = /^(?:apiToken|nats(?!Url)|clusterSecret|peers$|join$|role$)/;
    const ordinary = SETTING_NAMES.filter((name) => !together.test(name));
    const choice = fc.tuple(fc.constantFrom(...ordinary), fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(choice, ([name, byFlag, byEnvironment, byFile]) => {
        const [flag, variable, inFile] = samples[name];
        const { values, sources } = loaded({
          ...(byFlag ? { flags: { [name]: flag } } : {}),
          ...(byEnvironment ? { environment: { [variableOf(name)]: variable } } : {}),
          ...(byFile ? toml(`# first line\n${fileKey(name)} = "${inFile}"\n`) : {}),
        });
        const wins = byFlag ? flag : byEnvironment ? variable : byFile ? inFile : undefined;
        const from = byFlag ? flagOf(name) : byEnvironment ? variableOf(name) : byFile ? './xcron.toml:2' : 'default';
        const expected = wins === undefined ? SETTINGS[name].fallback : parsedBy(name, wins);
        assert.deepEqual(values[name], expected);
        assert.equal(sources[name], from);
      }),
      { numRuns: 300 },
    );
  });

  test('names follow from one another', () => {
    assert.equal(fileKey('httpPort'), 'http_port');
    assert.equal(variableOf('httpPort'), 'XCRON_HTTP_PORT');
    assert.equal(flagOf('httpPort'), '--http-port');
  });

  test('an empty variable is one not set; an empty flag is not', () => {
    assert.equal(loaded({ environment: { XCRON_HTTP_PORT: '' } }).values.httpPort, 8000);
    assert.match(problems({ flags: { httpPort: '' } }).join(), /^http_port = "" \(from --http-port\); allowed:/);
    assert.deepEqual(
      loaded({ flags: { callbackDeny: '' }, ...toml('callback_deny = ["10.0.0.1"]') }).values.callbackDeny,
      [],
    );
  });

  test('--config and XCRON_CONFIG name another file, and it must be there', () => {
    const files = { a: 'node_id = "from-a"', b: 'node_id = "from-b"' };
    assert.equal(loaded({ files, config: 'a' }).values.nodeId, 'from-a');
    assert.equal(loaded({ files, environment: { XCRON_CONFIG: 'b' } }).values.nodeId, 'from-b');
    assert.equal(loaded({ files, config: 'a', environment: { XCRON_CONFIG: 'b' } }).values.nodeId, 'from-a');
    assert.match(problems({ config: 'c' }).join(), /^c \(from --config\) does not exist/);
  });

  test('toml has its own types: numbers, booleans, lists', () => {
    const text = 'http_port = 9000\ninsecure_open = true\ncallback_allow = ["10.0.0.0/8", "fd00::/8"]';
    const { values } = loaded(toml(text));
    assert.deepEqual(
      [values.httpPort, values.insecureOpen, values.callbackAllow],
      [9000, true, ['10.0.0.0/8', 'fd00::/8']],
    );
  });
});

function parsedBy(name: SettingName, text: string): unknown {
  const parsed = SETTINGS[name].kind.parse(text);
  return parsed.ok ? parsed.value : assert.fail(`${name} refuses ${text}`);
}

describe('what is refused, and how', () => {
  const wrong: readonly (readonly [Sources, RegExp])[] = [
    [
      { flags: { nodeId: 'N_1' } },
      /^node_id = "N_1" \(from --node-id\); allowed: 1 to 32 of a-z, 0-9 and "-", but not "all"$/,
    ],
    [{ flags: { nodeId: 'all' } }, /^node_id = "all" .*but not "all"$/],
    [{ flags: { peers: 'n1,N2' } }, /^peers = "n1,N2" .*of which "N2" is wrong/],
    [{ flags: { natsUrl: 'http://localhost:4222' } }, /^nats_url = .*without user and password/],
    [{ flags: { natsUrl: 'nats://u:p@localhost:4222' } }, /^nats_url = .*without user and password/],
    [{ environment: { XCRON_NATS_SEED: 'UABC' } }, /^nats_seed = \(not shown\) .*allowed: the seed of a user/],
    [{ flags: { role: 'leader' } }, /^role = "leader" .*allowed: voter, worker$/],
    [{ environment: { XCRON_CLUSTER_SECRET: 'short' } }, /^cluster_secret = \(not shown\) .*allowed: 16 to 512/],
    [{ flags: { nodeId: 'a'.repeat(33) } }, /^node_id = .* allowed: 1 to 32/],
    [{ flags: { cluster: 'a.b' } }, /^cluster = "a\.b" /],
    [
      { flags: { httpPort: '65536' } },
      /^http_port = "65536" \(from --http-port\); allowed: a whole number from 0 to 65535/,
    ],
    [{ flags: { httpPort: '80.5' } }, /^http_port = "80\.5"/],
    [
      { environment: { XCRON_HTTP_PORT: '0x50' } },
      /^http_port = "0x50" \(from XCRON_HTTP_PORT\); allowed: a whole number/,
    ],
    [{ environment: { XCRON_HTTP_PORT: 'tcp://10.0.0.1:80' } }, /Kubernetes.*enableServiceLinks: false$/],
    [{ flags: { httpHost: '127.0.0.256' } }, /^http_host = "127\.0\.0\.256"/],
    [{ flags: { httpHost: 'a b' } }, /^http_host = "a b"/],
    [{ flags: { httpBasePath: '/a/' } }, /^http_base_path = "\/a\/" .*without a slash at its end$/],
    [{ flags: { httpHostNames: 'a,b c' } }, /of which "b c" is wrong/],
    [{ flags: { defaultTimezone: 'Mars/Base' } }, /^default_timezone = "Mars\/Base" .*IANA/],
    [{ flags: { logLevel: 'loud' } }, /^log_level = "loud" .*allowed: error, warn, info, debug$/],
    [{ flags: { insecureOpen: 'yes' } }, /^insecure_open = "yes" .*allowed: true or false$/],
    [
      { flags: { callbackAllow: '10.0.0.0/8,10.0.0.0/33' } },
      /of which "10\.0\.0\.0\/33" is wrong; allowed: up to 256 of: an address or CIDR/,
    ],
    [{ flags: { nodeId: '\u001b[2J' } }, /^node_id = "\\u\{1b\}\[2J"/],
    [
      toml('http_prot = 1'),
      /^\.\/xcron\.toml:1: unknown key http_prot \(did you mean http_port\?\); allowed: node_id, .*log_level$/,
    ],
    [toml('\n[server]\nport = 1'), /^\.\/xcron\.toml:3: unknown key server\.port; allowed/],
    [toml('a = 1\nb = 2'), /unknown key a;/],
    [toml('http_port = 80.5'), /^\.\/xcron\.toml:1: http_port is the number 80\.5; allowed: a whole number/],
    [toml('node_id = true'), /^\.\/xcron\.toml:1: node_id is the boolean true; allowed/],
    [toml('node_id = ["a"]'), /node_id is a list/],
    [toml('node_id = 1979-05-27'), /node_id is a date/],
    [toml('callback_allow = [1]'), /callback_allow is a list; allowed/],
    [toml('node_id = "n1'), /^\.\/xcron\.toml:1:\d+: Invalid TOML document/],
    [toml('http_port = "x"'), /^http_port = "x" \(from \.\/xcron\.toml:1\)/],
  ];
  for (const [sources, message] of wrong) {
    test(JSON.stringify(sources), () => assert.match(problems(sources)[0] ?? '', message));
  }

  test('all at once, not one by one', () => {
    assert.equal(problems({ flags: { nodeId: 'N', httpPort: 'x' }, ...toml('log_level = "loud"\nz = 1') }).length, 4);
  });

  test('unknown XCRON_ variables are one warning, with what was meant', () => {
    const { warnings } = loaded({
      environment: { XCRON_HTTP_PROT: '1', XCRON_SERVICE_HOST: 'x', OTHER: '1', XCRON_SERVER: 'x' },
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /XCRON_HTTP_PROT \(did you mean XCRON_HTTP_PORT\?\), XCRON_SERVICE_HOST/);
    assert.doesNotMatch(warnings[0] ?? '', /XCRON_SERVER/);
  });
});

describe('a node that others can reach', () => {
  const open = { flags: { httpHost: '0.0.0.0' } };
  test('is refused without a token, and told what to do', () => {
    for (const httpHost of ['0.0.0.0', '::', '10.1.2.3', 'example.com']) {
      assert.match(
        problems({ flags: { httpHost } }).join(),
        /XCRON_API_TOKEN .*--api-token-file.*127\.0\.0\.1.*--insecure-open/,
      );
    }
  });
  test('starts with a token, or where the operator says so', () => {
    assert.equal(loaded({ ...open, environment: { XCRON_API_TOKEN: 't' } }).values.apiToken, 't');
    assert.ok(loaded({ flags: { ...open.flags, insecureOpen: 'true' } }).ok);
  });
  test('needs nothing on loopback', () => {
    for (const httpHost of ['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'localhost'])
      assert.ok(loaded({ flags: { httpHost } }).ok);
  });
});

describe('nodes that talk over NATS', () => {
  const peers = { peers: 'n1,n2,n3' };
  const far = { natsUrl: 'nats://127.0.0.1:4222,nats://nats.example:4222' };

  test('reach each other through a server, which has to be named', () => {
    for (const flags of [peers, { join: 'true' }, { role: 'worker' }]) {
      assert.match(problems({ flags }).join(), /needs other nodes, and they are reached through NATS: give --nats-url/);
    }
    assert.deepEqual(loaded({ flags: { ...peers, natsUrl: '127.0.0.1' } }).values.peers, ['n1', 'n2', 'n3']);
  });

  test('that found a cluster are named once each, this one among them, and found nothing where they join', () => {
    const natsUrl = '127.0.0.1';
    const refusedFor = (flags: Readonly<Record<string, string>>): string =>
      problems({ flags: { natsUrl, ...flags } }).join('\n');
    assert.match(
      refusedFor({ peers: 'n2,n3', nodeId: 'n4' }),
      /^peers = "n2,n3" does not name this node, "n4": .*Put "n4" on it, or give --node-id, or .*--join/,
    );
    assert.match(refusedFor({ peers: 'n1,n2,n1,n3,n3' }), /^peers = "n1,n2,n1,n3,n3" names n1 and n3 more than once/);
    assert.match(
      refusedFor({ ...peers, join: 'true' }),
      /^join and peers = "n1,n2,n3" contradict each other: .*; give one/,
    );
    for (const flags of [peers, { peers: 'n1' }, { join: 'true' }])
      assert.ok(loaded({ flags: { natsUrl, ...flags } }).ok);
  });

  test('beyond loopback have a secret, or are known to the server (else whoever reaches it speaks for any of them)', () => {
    assert.match(
      problems({ flags: { ...peers, ...far } }).join(),
      /nats_url names nats:\/\/nats\.example:4222, .*XCRON_CLUSTER_SECRET.*--cluster-secret-file/,
    );
    const ways: readonly Sources[] = [
      { environment: { XCRON_CLUSTER_SECRET: 'sixteen-letters-or-more' } },
      { flags: { natsUser: 'n1' }, environment: { XCRON_NATS_PASSWORD: 'p' } },
      { environment: { XCRON_NATS_TOKEN: 't' } },
      { environment: { XCRON_NATS_SEED: `SU${'A'.repeat(56)}` } },
      { flags: { natsCredsFile: 'n1.creds' } },
      { flags: { natsCertFile: 'c', natsKeyFile: 'k' } },
    ];
    for (const way of ways) assert.ok(loaded({ ...way, flags: { ...peers, ...far, ...way.flags } }).ok);
    for (const natsUrl of ['localhost', '[::1]:4222', 'tls://127.1.2.3']) assert.ok(loaded({ flags: { natsUrl } }).ok);
  });

  test('have one way in, and all of it', () => {
    const nats = { natsUrl: '127.0.0.1' };
    assert.match(problems({ flags: { ...nats, natsUser: 'u' } }).join(), /nats_user and nats_password go together/);
    assert.match(
      problems({ flags: { ...nats, natsKeyFile: 'k' } }).join(),
      /nats_cert_file and nats_key_file go together/,
    );
    assert.match(
      problems({ flags: { ...nats, natsCredsFile: 'c' }, environment: { XCRON_NATS_TOKEN: 't' } }).join(),
      /nats_token and nats_creds_file are each a way into NATS; give one/,
    );
  });

  test('keep their secrets from the command line and from sight (I11)', () => {
    for (const name of ['clusterSecret', 'natsPassword', 'natsToken', 'natsSeed'] as const) {
      const secret = name === 'natsSeed' ? `SU${'B'.repeat(56)}` : 'not-for-anybody-to-see';
      assert.match(
        problems({ flags: { [name]: secret } }).join(),
        new RegExp(`set ${variableOf(name)}, or give .*-file`),
      );
      const files = { f: `${secret}\n` };
      const flags = { natsUser: 'u', [`${name}File`]: 'f' };
      const configuration = load({ files, flags: name === 'natsPassword' ? flags : { [`${name}File`]: 'f' } });
      assert.ok(configuration.ok, JSON.stringify(configuration));
      assert.equal(configuration.values[name], secret);
      assert.doesNotMatch(configurationInWords(configuration).join('\n'), new RegExp(secret));
    }
  });
});

describe('the token (I11)', () => {
  const secret = 'sesame-open';
  const files = { 'token.txt': `${secret}\n` };
  test('comes from a file, by flag, environment or toml', () => {
    assert.equal(loaded({ files, flags: { apiTokenFile: 'token.txt' } }).values.apiToken, secret);
    assert.equal(loaded({ files, environment: { XCRON_API_TOKEN_FILE: 'token.txt' } }).values.apiToken, secret);
    assert.equal(
      loaded({ files: { ...files, './xcron.toml': 'api_token_file = "token.txt"' } }).values.apiToken,
      secret,
    );
  });
  test('the higher source wins; two of one rank contradict each other', () => {
    const environment = { XCRON_API_TOKEN: 'other' };
    assert.equal(loaded({ files, flags: { apiTokenFile: 'token.txt' }, environment }).values.apiToken, secret);
    assert.equal(
      loaded({ files: { ...files, './xcron.toml': 'api_token_file = "token.txt"' }, environment }).values.apiToken,
      'other',
    );
    assert.match(
      problems({ files, environment: { ...environment, XCRON_API_TOKEN_FILE: 'token.txt' } }).join(),
      /both set; give one/,
    );
  });
  test('a file that is absent or holds none is an error', () => {
    assert.match(
      problems({ flags: { apiTokenFile: 'none' } }).join(),
      /^api_token_file = "none" \(from --api-token-file\) does not exist$/,
    );
    assert.match(problems({ files: { e: ' \n' }, flags: { apiTokenFile: 'e' } }).join(), /holds no token; allowed/);
  });
  test('is never said: not when printed, not when refused, not from a broken file', () => {
    const printed = configurationInWords(loaded({ environment: { XCRON_API_TOKEN: secret } })).join('\n');
    assert.match(printed, /api_token +\(set, not shown\) +XCRON_API_TOKEN/);
    const said = [
      printed,
      ...problems({ environment: { XCRON_API_TOKEN: `${secret} x` } }),
      ...problems({ flags: { apiToken: secret } }),
      ...problems(toml(`api_token = "${secret}\n`)),
      ...problems({ files: { f: `${secret} x` }, flags: { apiTokenFile: 'f' } }),
    ].join('\n');
    assert.ok(!said.includes(secret), said);
    assert.match(
      said,
      /--api-token: a command line can be read by everyone .* set XCRON_API_TOKEN, or give --api-token-file/,
    );
  });
});

describe('keys of the original', () => {
  test('are read, with a word on those that no longer apply', () => {
    const text = 'http_port = 9100\npeer_port = 9200\nraft_dir = "old"\n\n[peer]\npeer_hosts = ["a:1", "b:2"]\n';
    const { values, warnings } = loaded(toml(text));
    assert.deepEqual([values.httpPort, values.dataDir], [9100, 'old']);
    assert.deepEqual(
      warnings.map((line) => line.split(' ').slice(0, 2).join(' ')),
      ['./xcron.toml:2: peer_port', './xcron.toml:3: raft_dir', './xcron.toml:6: peer.peer_hosts'],
    );
  });
  test('data_dir counts beside raft_dir, and it is said', () => {
    const { values, warnings } = loaded(toml('raft_dir = "old"\ndata_dir = "new"'));
    assert.equal(values.dataDir, 'new');
    assert.match(warnings.join(), /raft_dir is now called data_dir, which is set too and counts/);
  });
});
