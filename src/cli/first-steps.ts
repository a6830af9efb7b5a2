import { resolve } from 'node:path';
import { isLoopbackHost } from './configuration-rules.ts';
import { urlOf } from './listening.ts';
import type { SettingValues } from './settings.ts';
import type { Manifest } from './version.ts';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const LISTEN_URL = 'http://127.0.0.1:9000/';

/** What a newcomer reads: where the node listens, where its data lies, and a first task to paste. */
export function firstSteps(
  at: { readonly host: string; readonly port: number },
  values: SettingValues,
  manifest: Manifest,
): readonly string[] {
  // To a wildcard one connects by some address; loopback is one of them.
  const reachable = WILDCARDS.has(at.host) ? (at.host === '::' ? '::1' : '127.0.0.1') : at.host;
  const url = `${urlOf(reachable, at.port)}${values.httpBasePath}`;
  const command = manifest.isClone ? 'npx xcron' : 'xcron';
  // The guard refuses loopback to a node that others can reach.
  const mayCallLoopback = isLoopbackHost(values.httpHost);
  const callback = mayCallLoopback ? LISTEN_URL : 'https://example.com/';
  const token = values.apiToken === null ? '' : ` -H "authorization: Bearer $XCRON_API_TOKEN"`;
  return [
    `xcron ${manifest.version}: node ${values.nodeId} listens on ${urlOf(at.host, at.port)}${values.httpBasePath}`,
    `data in ${resolve(values.dataDir)}`,
    `dashboard at ${url}/`,
    `A first task, in ten seconds${mayCallLoopback ? ` (run "${command} listen" in a second terminal to see it arrive)` : ''}:`,
    `  curl ${url}/xcron/createTask -H 'content-type: application/json'${token} -d '{"type":2,"format":"'$(($(date +%s)+10))'",` +
      `"callback":{"url":"${callback}","body":{"hello":"world"}}}'`,
  ];
}
