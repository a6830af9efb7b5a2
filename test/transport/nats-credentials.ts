import { nkeys } from 'nats';

/** What an operator makes with the nats tools, made for one test run: no key lies in a repository. */
type KeyPair = ReturnType<typeof nkeys.createUser>;
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

export function userSeed(): { readonly publicKey: string; readonly seed: string } {
  const user = nkeys.createUser();
  return { publicKey: user.getPublicKey(), seed: textOf(user.getSeed()) };
}

/** A JSON Web Token as NATS signs them (ed25519-nkey). */
function token(issuer: KeyPair, subject: string, nats: Readonly<Record<string, unknown>>): string {
  const header = base64url(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }));
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { jti: `${subject}-${iat}`, iat, iss: issuer.getPublicKey(), name: subject, sub: subject, nats };
  const signed = `${header}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}

const UNLIMITED = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true };

/** A server configuration that knows one account, and the `.creds` file of a user in it. */
export function operatorMode(): { readonly configuration: string; readonly creds: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const operatorJwt = token(operator, operator.getPublicKey(), { type: 'operator', version: 2 });
  const accountJwt = token(operator, account.getPublicKey(), { type: 'account', version: 2, limits: UNLIMITED });
  const userJwt = token(account, user.getPublicKey(), { type: 'user', version: 2, subs: -1, data: -1, payload: -1 });
  return {
    configuration: [
      `operator: ${operatorJwt}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
      '',
    ].join('\n'),
    creds: [
      '-----BEGIN NATS USER JWT-----',
      userJwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      textOf(user.getSeed()),
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  };
}
