import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { strangersEnvironment } from '../stranger.ts';
import type { Block } from './sections.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A machine in a folder: what the runbook does to `/opt`, `/etc` and `/var` happens there, and needs no root. */
export interface Machine {
  readonly url: string;
  path(absolute: string): string;
  /** The block as it is printed, but for where paths begin and which port is free. */
  run(block: Block): { readonly code: number | null; readonly output: string };
  remove(): void;
}

/** What only root may do, and what there is no systemd for. */
const STAND_INS: Readonly<Record<string, string>> = {
  useradd: ':',
  chown: ':',
  runuser: 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
  systemctl: `exec "${process.execPath}" "${join(import.meta.dirname, 'systemctl.ts')}" "$@"`,
  journalctl: 'tail -n "$4" "$XCRON_MACHINE/var/log/xcron.journal"',
};
/** Seconds on a quiet machine; a block that takes this long hangs. */
const BLOCK_MS_MAX = 300_000;

export async function makeMachine(natsUrl: string): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-runbook-'));
  const path = (absolute: string): string => join(folder, absolute);
  for (const made of [
    '/opt',
    '/etc/systemd/system',
    '/var/lib',
    '/var/backups',
    '/var/log',
    '/usr/local/bin',
    '/stand-ins',
  ]) {
    mkdirSync(path(made), { recursive: true });
  }
  writeFileSync(path('/var/log/xcron.journal'), '');
  for (const [name, script] of Object.entries(STAND_INS)) {
    writeFileSync(path(`/stand-ins/${name}`), `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(path(`/stand-ins/${name}`), 0o755);
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const here = (commands: string): string =>
    commands
      .replace(/(?<![\w/.$])\/(?=(?:opt|etc|var|usr\/local)\/)/g, `${folder}/`)
      .replaceAll('http://127.0.0.1:8000', url)
      .replaceAll('nats://127.0.0.1:4222', natsUrl);
  const environment = strangersEnvironment([path('/stand-ins'), path('/usr/local/bin')]);
  return {
    url,
    path,
    run({ commands }) {
      const script = here(commands);
      const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
        cwd: ROOT,
        encoding: 'utf8',
        timeout: BLOCK_MS_MAX,
        env: { ...environment, XCRON_MACHINE: folder, XCRON_SERVER: url, XCRON_HTTP_PORT: String(port) },
      });
      const journal = path('/var/log/xcron.journal');
      const said = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').slice(-20).join('\n') : '';
      return { code: status, output: `${script}\n${stdout}${stderr}\nits journal:\n${said}` };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
