/**
 * npm run verify [-- --except NAME …]: everything that must hold before a change is pushed, one line a check.
 * All of them run even where one fails; what a failing one printed follows its line.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { runNode } from './child.mjs';

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Checks that take minutes show what they do meanwhile. */
  readonly shown?: true;
}

const node = process.execPath;
const bin = (name: string) => join('node_modules', '.bin', name);
const houseTest = (name: string) => ['--test', '--test-reporter=dot', `test/house/${name}.test.ts`];

const opsTest = (name: string) => ['--test', '--test-reporter=dot', `ops/checks/${name}.test.ts`];

const CHECKS: readonly Check[] = [
  { name: 'format-and-lint', command: bin('biome'), args: ['ci', '--error-on-warnings', '.'] },
  { name: 'types', command: bin('tsc'), args: ['-p', '.'] },
  { name: 'types-of-pages', command: bin('tsc'), args: ['-p', 'src/ui'] },
  { name: 'unused-exports', command: bin('knip'), args: ['--no-progress', '--no-config-hints'] },
  { name: 'layering', command: node, args: houseTest('layering') },
  { name: 'house-rules', command: node, args: houseTest('tidy') },
  { name: 'diagrams', command: node, args: ['ops/scripts/diagrams.ts', '--check'] },
  { name: 'monitoring', command: node, args: opsTest('monitoring') },
  { name: 'pages', command: node, args: opsTest('pages') },
  { name: 'package', command: node, args: opsTest('package') },
  // Half a minute with a seed that has a bit of everything; `npm run faults` draws others, for as long as it is told to.
  { name: 'faults', command: node, args: ['ops/faults/main.ts', '--minutes', '0.35', '--seed', '35'], shown: true },
  { name: 'debugger', command: node, args: opsTest('debugger') },
  { name: 'runbook', command: node, args: opsTest('runbook') },
  { name: 'tests', command: node, args: ['ops/scripts/test.ts'], shown: true },
];

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const except = readExcept(process.argv.slice(2));
if (except === undefined) {
  process.stderr.write(`usage: npm run verify [-- --except NAME …]   NAME: ${CHECKS.map((c) => c.name).join(', ')}\n`);
  process.exitCode = EXIT_USAGE;
} else {
  process.exitCode = (await verify(CHECKS.filter((check) => !except.includes(check.name)))) ? 0 : EXIT_FAILED;
}

function readExcept(args: readonly string[]): readonly string[] | undefined {
  const names = args.filter((_, position) => position % 2 === 1);
  const flagsRight = args.every((argument, position) => position % 2 === 1 || argument === '--except');
  const namesRight = names.every((name) => CHECKS.some((check) => check.name === name));
  return flagsRight && namesRight && args.length === names.length * 2 ? names : undefined;
}

async function verify(checks: readonly Check[]): Promise<boolean> {
  const began = performance.now();
  const failed: string[] = [];
  for (const check of checks) {
    const file = check.args.find((argument) => argument.endsWith('.ts'));
    if (file !== undefined && !existsSync(file)) {
      console.log(`FAILED  ${check.name.padEnd(16)} ${file} does not exist`);
      failed.push(check.name);
      continue;
    }
    const checkBegan = performance.now();
    const { code, output } = check.shown ? await show(check) : await capture(check);
    if (code !== 0) failed.push(check.name);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(16)} ${seconds(checkBegan)}`);
    if (code !== 0) process.stdout.write(output);
  }
  console.log(
    failed.length === 0
      ? `all checks hold (${seconds(began).trim()})`
      : `${failed.length} of ${checks.length} checks failed: ${failed.join(', ')} (${seconds(began).trim()})`,
  );
  return failed.length === 0;
}

async function show(check: Check): Promise<{ code: number; output: string }> {
  return { code: await runNode(check.command, check.args), output: '' };
}

function capture(check: Check): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const child = spawn(check.command, check.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ code: 1, output: `${error.message}\n` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1).padStart(6)} s`;
}
