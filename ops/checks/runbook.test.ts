import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join as pathOf } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { groupPaths } from '../../src/store/store-layout.ts';
import { type Serving, serve, until } from '../../test/whole/serving.ts';
import { type NatsServer, startNatsServer } from '../scripts/nats-server.ts';
import { type Machine, makeMachine } from './runbook/machine.ts';
import { type Section, sectionsOf } from './runbook/sections.ts';

/** The runbook, run: its commands as they are printed, on a machine that lives in one folder (runbook/machine.ts). */
const runbook = readFileSync(pathOf(import.meta.dirname, '..', 'runbook.md'), 'utf8');
const sections = new Map(sectionsOf(runbook).map((section) => [section.title, section]));
const { version } = JSON.parse(readFileSync(pathOf(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));

let machine: Machine;
const section = (title: string): Section => sections.get(title) ?? assert.fail(`the runbook has no section "${title}"`);

function follow(title: string): string {
  return section(title)
    .blocks.map((block) => {
      const { code, output } = machine.run(block);
      assert.equal(code, block.exit, output);
      return output;
    })
    .join('\n');
}
const command = (commands: string): void => {
  const { code, output } = machine.run({ commands, exit: 0 });
  assert.equal(code, 0, output);
};
const store = () => groupPaths(machine.path('/var/lib/xcron'));

/** A connection of its own: those of before lead to a node that was stopped meanwhile, which this loop had no time to notice. */
async function ask(path: string): Promise<unknown> {
  const response = await fetch(`${machine.url}${path}`, { headers: { connection: 'close' } });
  return response.json();
}

/** What every section leaves behind: a node that is ready, with the task of the first section. */
async function isWell(): Promise<void> {
  const ready = async (): Promise<unknown> => ask('/readyz').catch((error: Error) => ({ reason: error.message }));
  let seen: unknown;
  await until(
    async () => {
      seen = await ready();
      return (seen as { ready?: boolean }).ready === true;
    },
    () => JSON.stringify(seen),
  );
  const { items } = (await ask('/v1/tasks')) as { items: readonly { readonly name: string }[] };
  assert.deepEqual(
    items.map(({ name }) => name),
    ['first'],
  );
}

describe('the runbook', () => {
  const followed = new Set(['']);
  let nats: NatsServer;
  before(async () => {
    nats = await startNatsServer();
    machine = await makeMachine(nats.url);
  });
  after(async () => {
    machine.run({ commands: 'systemctl stop xcron', exit: 0 });
    await Promise.all([...others.values()].map((node) => node.kill('SIGKILL')));
    await nats.kill('SIGKILL');
    machine.remove();
  });

  /** Nodes on other machines, by name: the runbook has their commands run there. */
  const others = new Map<string, Serving>();
  const join = async (nodeId: string): Promise<void> => {
    const flags = ['--node-id', nodeId, '--nats-url', nats.url, '--join'];
    others.set(nodeId, await serve(machine.path(`/others/${nodeId}`), { flags }));
  };
  const die = async (nodeId: string): Promise<void> => {
    await others.get(nodeId)?.kill('SIGKILL');
    others.delete(nodeId);
  };
  const votersAre = (names: readonly string[]): Promise<void> => {
    let seen: unknown;
    return until(
      async () => {
        seen = await ask('/v1/cluster').catch((error: Error) => ({ members: [], error: error.message }));
        const { members } = seen as { members: readonly { readonly node_id: string; readonly kind: string }[] };
        const voters = members.filter(({ kind }) => kind === 'voter').map(({ node_id }) => node_id);
        return voters.sort().join() === names.join() && voters.length === members.length;
      },
      () => JSON.stringify(seen),
    );
  };

  const nothing = async (): Promise<void> => {};
  // A log that was cut, or a backup that was put back, rests on the state alone until it is compacted: those two come last.
  const situations: readonly (readonly [title: string, happens: () => Promise<void>, becomes?: () => Promise<void>])[] =
    [
      ['Install on a machine with systemd', nothing],
      ['Upgrade a node', nothing],
      [
        'The state is damaged',
        async () => {
          command('systemctl stop xcron');
          rmSync(store().state);
        },
      ],
      ['The disk is full', nothing],
      ['An invariant is broken', nothing],
      ['Back up', nothing],
      ['Restore', nothing],
      [
        'The log is damaged',
        async () => {
          command('systemctl stop xcron');
          // The newest entry is gone; the guard file remembers it.
          const log = new Database(store().log);
          log.exec('DELETE FROM entries WHERE idx = (SELECT max(idx) FROM entries)');
          log.close();
        },
      ],
      [
        'From one node to three',
        nothing,
        async () => {
          await Promise.all([join('n2'), join('n3')]);
          await votersAre(['n1', 'n2', 'n3']);
        },
      ],
      ['A node is lost', () => die('n3'), () => votersAre(['n1', 'n2'])],
      ['Most nodes are lost', () => die('n2'), () => votersAre(['n1'])],
    ];
  for (const [title, happens, becomes = nothing] of situations) {
    test(title, async () => {
      await happens();
      follow(title);
      followed.add(title);
      await becomes();
      await isWell();
    });
  }

  test('was run from the log to the end: no marked section was left out', () => {
    assert.match(follow(''), /"msg":"ready"/);
    for (const { title, blocks } of sections.values()) {
      if (blocks.length > 0) assert.ok(followed.has(title), `"${title}" has commands that were not run`);
    }
  });
  test('is about this version, and links to sections that it has', () => {
    for (const [, named] of runbook.matchAll(/^VERSION=(.*)$/gm)) assert.equal(named, version);
    const anchors = [...sections.keys()].map((title) => title.toLowerCase().replace(/ /g, '-'));
    for (const [, anchor = ''] of runbook.matchAll(/\]\(#([\w-]+)\)/g)) assert.ok(anchors.includes(anchor), anchor);
  });
});
