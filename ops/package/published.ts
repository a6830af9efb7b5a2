/**
 * What of package.json and package-lock.json is published. Pure, so that a test can hold it: neither the pinned Node (decision 2) nor
 * anything for developing, and no script, because a script would need the clone.
 */
export interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

export interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** What the package holds beside what npm always takes (package.json, README, LICENSE). */
const PUBLISHED_FILES = ['dist', 'src', 'ops', 'docs', 'CHANGELOG.md', 'npm-shrinkwrap.json'] as const;

export function publishedManifest(manifest: ProjectManifest) {
  const { name, version, description, license, type, bin, engines, dependencies } = manifest;
  return { name, version, description, license, type, bin, engines, files: PUBLISHED_FILES, dependencies };
}

/** A command line is installed with the very packages that it was tested with, those of its packages too. */
export function shrinkwrapOf(lockfile: Lockfile, manifest: ProjectManifest) {
  const pinned = Object.keys(manifest.optionalDependencies).map((name) => `node_modules/${name}`);
  const { name, version, license, bin, engines, dependencies } = manifest;
  const kept = Object.entries(lockfile.packages).filter(
    ([path, { dev }]) => path !== '' && dev !== true && !pinned.includes(path),
  );
  return {
    name,
    version,
    lockfileVersion: lockfile.lockfileVersion,
    requires: true,
    packages: { '': { name, version, license, bin, engines, dependencies }, ...Object.fromEntries(kept) },
  };
}
