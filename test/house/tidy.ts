import { posix } from 'node:path';
import { blank } from './source-code.ts';

export const LINES_MAX = 400;

/** Files that may be longer, and why. */
export const LONG_FILES: Readonly<Record<string, string>> = {};

// Put together from pieces, so that this file does not find itself.
const UNFINISHED = new RegExp(`\\b(?:${['TO', 'FIX', 'X'].join('|')})(?:DO|ME|XX)\\b`);
const ONE_MACHINE = new RegExp(`(?:^|[\\s"'\`(=])/(?:${['work', 'farm', 'tmp', 'home', 'Users'].join('|')})/[\\w.-]`);
const REGISTRY = new RegExp(`registry\\.(?:${['npmjs', 'yarnpkg', 'npmmirror'].join('|')})|deb\\.${'debian'}\\.org`);

/** What a line of any file may not say. */
const IN_ANY_FILE: readonly (readonly [RegExp, string])[] = [
  [UNFINISHED, 'unfinished work is finished or filed, never left in the code'],
  [ONE_MACHINE, 'a path of one machine'],
  [REGISTRY, 'a registry host: npm and apt know theirs'],
];

/** What code may not say, comments and strings aside. */
const IN_CODE: readonly (readonly [RegExp, string])[] = [
  [/\bas\s+any\b|[:<,|&=]\s*any\b\s*[>,;)|&[=\]}]/, '`any` switches the compiler off'],
  [/(?<![.\w$])(?:const\s+|declare\s+)*enum\s+[A-Z]/, 'an enum is no erasable syntax: `as const` and a union'],
  [/(?<![.\w$])(?:namespace|module)\s+[\w.]+\s*\{/, 'a namespace is no erasable syntax: a module'],
];

/** What comments may not say: the compiler's and the linter's off switches. */
const IN_SOURCE: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`@ts-(?:${['ignore', 'nocheck', 'expect-error'].join('|')})`), 'the compiler is not to be silenced'],
  [new RegExp(`biome-ignore${'-all'}`), 'silence one line, with its reason'],
];

const IN_TESTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:test|it|describe|suite|t)\s*\.\s*(?:skip|only|todo)\b/, 'a test is neither skipped nor alone'],
  [/\b(?:skip|only|todo)\s*:\s*(?:true|!|[a-z])/, 'a test is neither skipped nor alone'],
];

export function saidWrong(path: string, source: string): string[] {
  const problems: string[] = [];
  const look = (text: string, rules: readonly (readonly [RegExp, string])[]) => {
    text.split('\n').forEach((line, row) => {
      for (const [pattern, why] of rules) {
        const found = pattern.exec(line);
        if (found) problems.push(`${path}:${row + 1} says ${found[0].trim()}: ${why}`);
      }
    });
  };
  look(source, IN_ANY_FILE);
  if (!isSource(path)) return problems;
  const code = blank(source, 'comments-and-strings');
  look(code, IN_CODE);
  look(source, IN_SOURCE);
  if (path.startsWith('test/')) look(code, IN_TESTS);
  return problems;
}

export function tooLong(path: string, source: string): string[] {
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  if (!isSource(path) || lines <= LINES_MAX || LONG_FILES[path] !== undefined) return [];
  return [`${path} has ${lines} lines: one idea a file, at most ${LINES_MAX} lines, or a reason in LONG_FILES`];
}

/** Names that others give meaning to. */
const GIVEN_NAME = /^(?:[A-Z]+(?:\.md)?|Dockerfile|\.[a-z-]+)$/;
const KEBAB = /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/;
const NAMES_NOTHING = /^(?:utils?|helpers?|misc|common|lib)(?:\.|$)/;

export function badName(path: string): string[] {
  const problems: string[] = [];
  for (const name of path.split('/')) {
    if (!KEBAB.test(name) && !GIVEN_NAME.test(name)) problems.push(`${path}: "${name}" is not kebab-case`);
    if (NAMES_NOTHING.test(name)) problems.push(`${path}: "${name}" names nothing: say what is in it`);
  }
  return problems;
}

export interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export function lockfileProblems(packages: Readonly<Record<string, LockedPackage>>): string[] {
  const problems: string[] = [];
  for (const [path, locked] of Object.entries(packages)) {
    if (path === '') continue;
    if (locked.resolved !== undefined) problems.push(`${path}: "resolved" names a host (.npmrc keeps it out)`);
    if (locked.integrity === undefined) problems.push(`${path}: is not locked by integrity`);
    if (locked.hasInstallScript === true) problems.push(`${path}: needs an install script, and none are run`);
    for (const name of Object.keys(locked.optionalDependencies ?? {})) {
      const whole = `${path}/node_modules/${name}` in packages || `node_modules/${name}` in packages;
      // npm ci refuses such a lockfile (EUSAGE), on this machine or on another.
      if (!whole) problems.push(`${path}: ${name} is missing; take a version whose platform packages all exist`);
    }
  }
  return problems;
}

/** The files of this project that an npm script names. */
export function filesOfScript(script: string): string[] {
  return script
    .split(/\s+/)
    .filter((word) => /^[\w.][\w./-]*\.(?:ts|mjs|cjs|js|sh)$/.test(word))
    .map(posix.normalize);
}

function isSource(path: string): boolean {
  return /\.(?:ts|tsx|mjs|cjs|js)$/.test(path);
}
