import { LOG_LEVELS, type LogLevel } from '../control/verb.ts';
import { ENTRY_VERSION } from '../tasks/entry-version.ts';
import type { Kind } from './setting-kind.ts';
import * as kind from './setting-kind.ts';

/** The table of settings. A row here is a flag, an environment variable, a key of xcron.toml, a line of help and of --print-config. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  readonly fallback: T;
  readonly help: string;
  /** Never shown (I11), and no flag: a command line is seen by everyone on the machine. */
  readonly secret?: true;
}

const setting = <T>(row: Setting<T>): Setting<T> => row;

export const NODE_ROLES = ['voter', 'worker'] as const;
export type NodeRole = (typeof NODE_ROLES)[number];

export const SETTINGS = {
  nodeId: setting({ kind: kind.nodeName, fallback: 'n1', help: 'name of this node in its cluster' }),
  cluster: setting({ kind: kind.clusterName, fallback: 'xcron', help: 'name of the cluster' }),
  httpHost: setting({
    kind: kind.host,
    fallback: '127.0.0.1',
    help: 'address to listen on; another than loopback needs an API token',
  }),
  httpPort: setting({ kind: kind.port, fallback: 8000, help: 'port to listen on; 0 takes any free one' }),
  httpBasePath: setting({
    kind: kind.basePath,
    fallback: '',
    help: 'before every path, for a proxy that does not strip it',
  }),
  httpHostNames: setting({
    kind: kind.hostNames,
    fallback: [],
    help: 'more names that clients may call this node by, where no API token is set',
  }),
  natsUrl: setting({
    kind: kind.natsUrls,
    fallback: [],
    help: 'NATS servers through which the nodes of a cluster talk; without any, this node is alone',
  }),
  natsEvents: setting({
    kind: kind.yesOrNo,
    fallback: false,
    help: 'publish what happens to xcron.CLUSTER.events.KIND, while this node leads; the same on every node',
  }),
  peers: setting({
    kind: kind.nodeNames,
    fallback: [],
    help: 'nodes that found a cluster together, this one among them; read while the data directory is empty',
  }),
  join: setting({
    kind: kind.yesOrNo,
    fallback: false,
    help: 'with an empty data directory: ask a cluster that is there to take this node in',
  }),
  role: setting<NodeRole>({
    kind: kind.oneOf(NODE_ROLES),
    fallback: 'voter',
    help: 'a worker sends callbacks, and never votes',
  }),
  natsUser: setting<string | null>({ kind: optional(kind.word), fallback: null, help: 'user at the NATS server' }),
  natsPassword: secretSetting('password of that user'),
  natsPasswordFile: fileSetting('file that holds that password'),
  natsToken: secretSetting('token that lets this node in at the NATS server'),
  natsTokenFile: fileSetting('file that holds that token'),
  natsSeed: setting<string | null>({
    kind: optional(kind.nkeySeed),
    fallback: null,
    help: 'nkey seed that lets this node in at the NATS server',
    secret: true,
  }),
  natsSeedFile: fileSetting('file that holds that seed'),
  natsCredsFile: fileSetting('credentials file (.creds) for the NATS server'),
  natsCaFile: fileSetting('certificate authorities of the NATS server, in PEM'),
  natsCertFile: fileSetting('certificate that this node shows to the NATS server, in PEM'),
  natsKeyFile: fileSetting('key of that certificate, in PEM'),
  clusterSecret: setting<string | null>({
    kind: optional(kind.clusterSecret),
    fallback: null,
    help: 'signs what the nodes of the cluster say to each other',
    secret: true,
  }),
  clusterSecretFile: fileSetting('file that holds that secret'),
  featureLevel: setting({
    kind: kind.featureLevel,
    fallback: ENTRY_VERSION,
    help: 'newest kind of log entry that this node says it knows: makes it like an older version',
  }),
  lookAhead: setting({
    kind: kind.lookAhead,
    fallback: 0,
    help: 'how long before its due time a task is given to the node that sends it, so that an election makes it no later',
  }),
  dataDir: setting({ kind: kind.path, fallback: './data', help: 'directory for everything that is kept' }),
  apiToken: setting<string | null>({
    kind: optional(kind.token),
    fallback: null,
    help: 'bearer token that clients must show',
    secret: true,
  }),
  apiTokenFile: fileSetting('file that holds the API token'),
  insecureOpen: setting({
    kind: kind.yesOrNo,
    fallback: false,
    help: 'listen beyond loopback without an API token: whoever reaches the port may do everything',
  }),
  callbackAllow: setting({
    kind: kind.cidrs,
    fallback: [],
    help: 'addresses that callbacks may reach although they are guarded',
  }),
  callbackDeny: setting({ kind: kind.cidrs, fallback: [], help: 'addresses that callbacks may never reach' }),
  defaultTimezone: setting({ kind: kind.timeZone, fallback: 'UTC', help: 'zone of tasks that name none' }),
  logLevel: setting<LogLevel>({
    kind: kind.oneOf(LOG_LEVELS),
    fallback: 'info',
    help: 'least severe line that is logged',
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];
export type SettingValues = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};

function optional<T>(inner: Kind<T>): Kind<T | null> {
  return { ...inner, parse: inner.parse, show: (value) => (value === null ? '(not set)' : inner.show(value)) };
}

function secretSetting(help: string): Setting<string | null> {
  return { kind: optional(kind.token), fallback: null, help, secret: true };
}

function fileSetting(help: string): Setting<string | null> {
  return { kind: optional(kind.path), fallback: null, help };
}

const words = (name: SettingName): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `httpPort` is `http_port` in the file, `XCRON_HTTP_PORT` in the environment, `--http-port` on the command line. */
export const fileKey = (name: SettingName): string => words(name);
export const variableOf = (name: SettingName): string => `XCRON_${words(name).toUpperCase()}`;
export const flagOf = (name: SettingName): string => `--${words(name).replaceAll('_', '-')}`;
