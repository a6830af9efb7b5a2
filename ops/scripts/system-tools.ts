import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runChild } from './child.mjs';

/** A program that tests start and npm cannot bring. */
export interface SystemTool {
  readonly command: string;
  readonly debianPackage: string;
  /** What a machine without apt needs to know. */
  readonly elsewhere: string;
  readonly neededFor: string;
  /** An environment variable that names the program, where it is not on PATH. */
  readonly variable?: string;
}

export const NATS_SERVER: SystemTool = {
  command: 'nats-server',
  debianPackage: 'nats-server',
  elsewhere:
    'install it ("brew install nats-server", or a release from its project), or name the program in XCRON_NATS_SERVER',
  neededFor: 'nodes that talk to each other',
  variable: 'XCRON_NATS_SERVER',
};

export const CHROMIUM: SystemTool = {
  command: 'chromium',
  debianPackage: 'chromium',
  elsewhere: 'install it ("brew install --cask chromium"), or name a Chromium or Chrome in XCRON_CHROMIUM',
  neededFor: 'the pages in a real browser',
  variable: 'XCRON_CHROMIUM',
};

/** All of them: to need another one, add it here. */
export const SYSTEM_TOOLS: readonly SystemTool[] = [
  {
    command: 'strace',
    debianPackage: 'strace',
    elsewhere: 'it exists for Linux only: run the tests in a Linux container',
    neededFor: 'counting fdatasync calls',
  },
  NATS_SERVER,
  CHROMIUM,
];

export interface Machine {
  readonly isRoot: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  has(command: string): boolean;
  run(command: string, args: readonly string[]): Promise<number>;
  say(line: string): void;
}

/** Installs what is absent where it may, else says the command that does. A test is never skipped for want of a tool. */
export async function ensureSystemTools(
  tools: readonly SystemTool[],
  machine: Machine,
  who = 'the tests need',
): Promise<boolean> {
  const isThere = ({ command, variable }: SystemTool): boolean =>
    (variable !== undefined && (machine.environment[variable] ?? '') !== '') || machine.has(command);
  const absent = tools.filter((tool) => !isThere(tool));
  if (absent.length === 0) return true;
  const names = absent.map((tool) => `${tool.command} (${tool.neededFor})`).join(', ');
  if (!machine.has('apt-get')) {
    machine.say(`${who} ${names}`);
    for (const tool of absent) machine.say(`${tool.command}: ${tool.elsewhere}`);
    return false;
  }
  const packages = absent.map((tool) => tool.debianPackage);
  if (!machine.isRoot) {
    machine.say(`${who} ${names}: run "sudo apt-get install ${packages.join(' ')}" and try again`);
    return false;
  }
  machine.say(`${who} ${names}: installing with apt-get …`);
  const updated = await machine.run('apt-get', ['-q', 'update']);
  const installed = await machine.run('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...packages]);
  const stillAbsent = absent.filter((tool) => !isThere(tool));
  if (stillAbsent.length === 0) return true;
  machine.say(
    `apt-get could not install ${packages.join(' ')} (update: exit ${updated}, install: exit ${installed}): see above`,
  );
  return false;
}

export const thisMachine: Machine = {
  isRoot: process.getuid?.() === 0,
  environment: process.env,
  has: isOnPath,
  run: (command, args) =>
    runChild(command, args, { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }),
  say: (line) => process.stderr.write(`xcron: ${line}\n`),
};

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
