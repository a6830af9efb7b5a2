import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { CLOCK_FILE, EXCEPTIONS, PURE_ROOMS, RULES, roomOf, SHARED_FILES } from './rooms.ts';
import { blank, importsOf } from './source-code.ts';

/** Sources by path from the root. */
export type Sources = ReadonlyMap<string, string>;

/** One line for each import that the table in rooms.ts does not allow. */
export function forbiddenImports(sources: Sources, used: Set<string> = new Set()): string[] {
  const problems: string[] = [];
  for (const [path, source] of sources) {
    for (const { specifier, typeOnly, line } of importsOf(source)) {
      const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
      const exception = [path, `${posix.dirname(path)}/*`]
        .map((from) => `${from} → ${target}`)
        .find((key) => key in EXCEPTIONS);
      const why = specifier.startsWith('.') ? whyNotFile(path, target, typeOnly) : whyNotPackage(path, specifier);
      if (why === undefined) continue;
      if (exception !== undefined) used.add(exception);
      else problems.push(`${path}:${line} imports ${typeOnly ? 'types of ' : ''}${target}: ${why}`);
    }
  }
  return problems;
}

function whyNotFile(path: string, target: string, typeOnly: boolean): string | undefined {
  const room = roomOf(path);
  const targetRoom = roomOf(target);
  if (SHARED_FILES.includes(target)) {
    const seesClock = target === CLOCK_FILE && !typeOnly && room !== undefined && PURE_ROOMS.includes(room);
    return seesClock ? 'pure rooms see no clock: import its type' : undefined;
  }
  if (SHARED_FILES.includes(path)) return 'shared files stand on nothing';
  if (room === undefined) return 'only the shared files stand outside the rooms';
  const rule = RULES[room];
  if (rule === undefined) return `"${room}" is no room of the design`;
  if (targetRoom === undefined) return 'production code imports production code only';
  if (targetRoom === room || rule.values.includes(targetRoom)) return undefined;
  if (!rule.types.includes(targetRoom)) return `${room} may not know ${targetRoom}`;
  return typeOnly ? undefined : `${room} may import types of ${targetRoom} only`;
}

function whyNotPackage(path: string, specifier: string): string | undefined {
  const room = roomOf(path);
  const rule = room === undefined ? undefined : RULES[room];
  const packages = rule?.packages ?? [];
  if (packages === 'any') return undefined;
  if (isBuiltin(specifier)) return `${room ?? 'a shared file'} does no I/O`;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return packages.includes(name)
    ? undefined
    : `of packages, ${room ?? 'a shared file'} may import ${packages.join(', ') || 'none'}`;
}

/** What a pure room may not call, by what it would let in. Arguments make `new Date(x)` a computation, and so allowed. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b/g, 'a clock'],
  [/\bnew\s+Date\s*(?:\(\s*\)|(?!\s*\())/g, 'a clock'],
  [/(?<!\bnew\s+)(?<![\w$.])Date\s*\(/g, 'a clock'],
  [/(?<![\w$.])performance\s*\./g, 'a clock'],
  [/(?<![\w$.])Temporal\s*\./g, 'a clock'],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g, 'a timer'],
  [/\bMath\s*\.\s*random\b/g, 'randomness'],
  [/(?<![\w$.])crypto\s*\./g, 'randomness'],
  [/(?<![\w$.])process\s*\./g, 'the process'],
  [/(?<![\w$.])(?:fetch|console|globalThis|navigator)\b(?!\s*[:?])/g, 'the world'],
  [/\bimport\s*\.\s*meta\b/g, 'the world'],
  [/(?<![\w$.])Intl\s*\./g, 'a locale or tz data'],
  [/\.\s*(?:toLocale\w*|localeCompare)\b/g, 'a locale or tz data'],
  [/\.\s*(?:get|set)(?:FullYear|Month|Date|Day|Hours|Minutes|Seconds|Milliseconds)\s*\(/g, 'the zone of this machine'],
  [/\.\s*getTimezoneOffset\s*\(/g, 'the zone of this machine'],
];

/** Zones are what schedule computes with, once, on the leader (I3). */
const MAY: Readonly<Record<string, string>> = { schedule: 'a locale or tz data' };

export function impureCalls(sources: Sources): string[] {
  const problems: string[] = [];
  for (const [path, source] of sources) {
    const room = roomOf(path);
    if (room === undefined || !PURE_ROOMS.includes(room)) continue;
    const code = blank(source, 'comments-and-strings');
    for (const [pattern, letsIn] of IMPURE) {
      if (MAY[room] === letsIn) continue;
      for (const match of code.matchAll(pattern)) {
        const line = code.slice(0, match.index).split('\n').length;
        problems.push(`${path}:${line} uses ${match[0].trim()}: ${room} is pure, and this lets in ${letsIn} (I9)`);
      }
    }
  }
  return problems;
}

/** Each cycle once, as the path that closes it. Types count: files that need each other's types are one idea. */
export function importCycles(sources: Sources): string[] {
  const edges = new Map<string, string[]>();
  for (const [path, source] of sources) {
    const targets = importsOf(source)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => posix.join(posix.dirname(path), specifier));
    edges.set(path, targets);
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

export function unknownRooms(paths: Iterable<string>): string[] {
  return [...paths].filter((path) => {
    const room = roomOf(path);
    return room === undefined ? !SHARED_FILES.includes(path) : RULES[room] === undefined;
  });
}
