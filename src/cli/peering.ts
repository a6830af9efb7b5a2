import type { NatsAccess, NatsCredential } from '../node/start-node.ts';
import { ok, type Result, refused } from '../result.ts';
import { fileKey, type SettingName, type SettingValues } from './settings.ts';
import { printable } from './terminal.ts';

/** How this node reaches others, from its settings and the files that they name. Null: it is alone. */
export interface PeeringSettings {
  readonly access: NatsAccess;
  readonly secret: string | null;
}

export function peeringOf(
  values: SettingValues,
  readText: (path: string) => string | null,
): Result<PeeringSettings | null, readonly string[]> {
  if (values.natsUrl.length === 0) return ok(null);
  const problems: string[] = [];
  const textOf = (name: SettingName & `${string}File`): string | null => {
    const path = values[name];
    if (path === null) return null;
    const named = `${fileKey(name)} = "${printable(path)}"`;
    try {
      const text = readText(path);
      if (text === null) problems.push(`${named} does not exist`);
      return text;
    } catch (error) {
      problems.push(`${named} cannot be read: ${printable(error instanceof Error ? error.message : String(error))}`);
      return null;
    }
  };
  const holding = (name: SettingName & `${string}File`, mark: string, what: string): string | null => {
    const text = textOf(name);
    if (text === null || text.includes(mark)) return text;
    problems.push(`${fileKey(name)} = "${printable(values[name] ?? '')}" holds no ${what}`);
    return null;
  };
  const creds = holding('natsCredsFile', '-----BEGIN USER NKEY SEED-----', 'credentials of NATS');
  const ca = holding('natsCaFile', '-----BEGIN CERTIFICATE-----', 'certificate in PEM');
  const cert = holding('natsCertFile', '-----BEGIN CERTIFICATE-----', 'certificate in PEM');
  const key = holding('natsKeyFile', 'PRIVATE KEY-----', 'private key in PEM');
  if (problems.length > 0) return refused(problems);
  const tls = { ...(ca === null ? {} : { ca }), ...(cert === null ? {} : { cert }), ...(key === null ? {} : { key }) };
  return ok({
    access: {
      servers: values.natsUrl,
      credential: credentialOf(values, creds),
      tls: Object.keys(tls).length === 0 ? null : tls,
    },
    secret: values.clusterSecret,
  });
}

function credentialOf(
  { natsUser, natsPassword, natsToken, natsSeed }: SettingValues,
  creds: string | null,
): NatsCredential {
  if (natsUser !== null && natsPassword !== null) return { kind: 'user', user: natsUser, password: natsPassword };
  if (natsToken !== null) return { kind: 'token', token: natsToken };
  if (natsSeed !== null) return { kind: 'seed', seed: natsSeed };
  return creds === null ? { kind: 'none' } : { kind: 'creds', creds };
}
