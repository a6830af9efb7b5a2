import { isIP } from 'node:net';
import { isLoopback } from '../node/callback-guard.ts';
import type { SettingValues } from './settings.ts';

/** What single values cannot say. */
export function rulesBroken(values: SettingValues): string[] {
  return [
    ...openToAll(values),
    ...clusterWithoutNats(values),
    ...founders(values),
    ...credentials(values),
    ...unguardedNats(values),
  ];
}

function openToAll({ httpHost, apiToken, insecureOpen }: SettingValues): string[] {
  if (isLoopbackHost(httpHost) || apiToken !== null || insecureOpen) return [];
  return [
    `http_host = "${httpHost}" lets others reach this node, and there is no API token. Set XCRON_API_TOKEN (or ` +
      '--api-token-file FILE), or listen on 127.0.0.1, or say --insecure-open if whoever reaches the port may do everything',
  ];
}

function clusterWithoutNats({ natsUrl, peers, join, role, natsEvents }: SettingValues): string[] {
  if (natsUrl.length > 0) return [];
  const asked = [peers.length > 0 ? 'peers' : '', join ? 'join' : '', role === 'worker' ? 'role = "worker"' : ''];
  return [
    ...asked
      .filter((what) => what !== '')
      .map((what) => `${what} needs other nodes, and they are reached through NATS: give --nats-url too`),
    ...(natsEvents ? ['nats_events are published to NATS: give --nats-url too'] : []),
  ];
}

/** The nodes found their cluster once all of them are there: one that is not meant, or meant twice, would be waited for for ever. */
function founders({ nodeId, peers, join }: SettingValues): string[] {
  if (peers.length === 0) return [];
  const list = `peers = "${peers.join(',')}"`;
  const twice = [...new Set(peers.filter((name, at) => peers.indexOf(name) !== at))];
  const problems: string[] = [];
  if (twice.length > 0) problems.push(`${list} names ${twice.join(' and ')} more than once; name each node once`);
  if (!peers.includes(nodeId)) {
    problems.push(
      `${list} does not name this node, "${nodeId}": the nodes on it found a cluster together. Put "${nodeId}" on it, or give --node-id, or ` +
        'enter a cluster that is there with --join and without --peers',
    );
  }
  if (join) {
    problems.push(
      `join and ${list} contradict each other: with peers a node founds a cluster, with join it enters one that is there; give one`,
    );
  }
  return problems;
}

/** One way in, and all of it. */
function credentials(values: SettingValues): string[] {
  const { natsUser, natsPassword, natsToken, natsSeed, natsCredsFile, natsCertFile, natsKeyFile } = values;
  const problems: string[] = [];
  if ((natsUser === null) !== (natsPassword === null)) {
    problems.push('nats_user and nats_password go together: give both, or neither');
  }
  if ((natsCertFile === null) !== (natsKeyFile === null)) {
    problems.push('nats_cert_file and nats_key_file go together: give both, or neither');
  }
  const ways = [
    ['nats_user', natsUser],
    ['nats_token', natsToken],
    ['nats_seed', natsSeed],
    ['nats_creds_file', natsCredsFile],
  ].flatMap(([name, value]) => (value === null || name === null ? [] : [name]));
  if (ways.length > 1) problems.push(`${ways.join(' and ')} are each a way into NATS; give one`);
  return problems;
}

/** Whoever reaches a server that asks nobody who he is could speak for any node. */
function unguardedNats(values: SettingValues): string[] {
  const { natsUrl, natsUser, natsToken, natsSeed, natsCredsFile, natsCertFile, clusterSecret } = values;
  const beyond = natsUrl.find((url) => !isLoopbackHost(hostOfNats(url)));
  const ways = [natsUser, natsToken, natsSeed, natsCredsFile, natsCertFile, clusterSecret];
  if (beyond === undefined || ways.some((way) => way !== null)) return [];
  return [
    `nats_url names ${beyond}, which others can reach, and nothing says who may speak there. Set XCRON_CLUSTER_SECRET (or ` +
      '--cluster-secret-file FILE) on all nodes, or give the nodes a user, token, nkey seed, credentials file or certificate',
  ];
}

export const hostOfNats = (url: string): string => {
  const { hostname } = new URL(/^[a-z]+:\/\//.test(url) ? url : `nats://${url}`);
  return hostname.replace(/^\[(.*)\]$/, '$1');
};

/** Of names, `localhost` alone: what another resolves to may change while the node runs. */
export function isLoopbackHost(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : isLoopback(host);
}
