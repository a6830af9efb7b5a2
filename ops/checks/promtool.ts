import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache');
const KEPT = join(CACHE, 'promtool');

const run = (command: string, args: readonly string[], cwd?: string) =>
  spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });

/**
 * promtool, which comes with Prometheus and checks its files: the machine's own, or the one of Debian's package. That package is only
 * unpacked, since installing it would start a Prometheus.
 */
export function findPromtool(): string {
  if (run('promtool', ['--version']).status === 0) return 'promtool';
  if (existsSync(KEPT)) return KEPT;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'unpacking-'));
  try {
    const download = () => run('apt-get', ['-q', 'download', 'prometheus'], folder);
    let downloaded = download();
    // A fresh container has no lists of packages yet.
    if (downloaded.status !== 0 && run('apt-get', ['-q', 'update']).status === 0) downloaded = download();
    const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (file === undefined || run('dpkg-deb', ['--extract', file, '.'], folder).status !== 0) {
      throw new Error(
        `promtool is needed to check ops/prometheus: install Prometheus, whose package has it, and try again. ${downloaded.stderr ?? 'There is no apt-get here.'}`,
      );
    }
    renameSync(join(folder, 'usr', 'bin', 'promtool'), KEPT);
    return KEPT;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
