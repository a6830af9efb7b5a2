import { delimiter, dirname } from 'node:path';

/** What a machine may need to reach a registry at all. */
const WAY_OUT = /^(?:npm_config_(?:registry|cache|cafile|(?:https?_)?proxy|noproxy)|NODE_EXTRA_CA_CERTS)$/i;
/** What npm, Node and the launcher tell whatever they start. */
const OURS = /^(?:npm_|NODE_|XCRON_)/i;

/** The environment of somebody who never saw the clone, with the Node that runs this first on PATH. */
export function strangersEnvironment(folders: readonly string[] = []): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => WAY_OUT.test(name) || !OURS.test(name));
  const searched = [...folders, dirname(process.execPath), process.env.PATH];
  return { ...Object.fromEntries(inherited), PATH: searched.join(delimiter) };
}
