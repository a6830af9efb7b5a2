import { createCluster } from '../cluster/cluster.ts';
import { happeningInWords } from '../cluster/in-words.ts';
import { COMMANDS, SHOWS, type Stage } from './commands.ts';
import type { ScriptLine } from './script-file.ts';

/** A command that ends with this word tells of roles, commits and answers, and leaves messages and writes out. */
const BRIEFLY = ', briefly';

/** The script as it comes out: the same commands, and below each what happened now. */
export function runScript(path: string, lines: readonly ScriptLine[]): ScriptLine[] {
  const stage: Stage = { cluster: createCluster({ members: [] }), asked: 0 };
  return lines.map((line) => {
    if (!line.isCommand) return { ...line, told: [] };
    try {
      return { ...line, told: told(stage, line.text) };
    } catch (error) {
      throw new Error(`${path}:${line.row}: ${line.text}`, { cause: error });
    }
  });
}

function told(stage: Stage, text: string): string[] {
  const brief = text.endsWith(BRIEFLY);
  const command = brief ? text.slice(0, -BRIEFLY.length) : text;
  const show = SHOWS[command];
  if (show !== undefined) return [...show(stage.cluster)];
  stage.cluster.happened = [];
  run(stage, command);
  return stage.cluster.happened
    .filter((happening) => !brief || (happening.kind === 'effect' && happening.effect.type !== 'persist'))
    .map(happeningInWords)
    .filter((line) => line !== null);
}

function run(stage: Stage, command: string): void {
  for (const [pattern, act] of COMMANDS) {
    const found = pattern.exec(command);
    if (found === null) continue;
    act(stage, ...found.slice(1));
    return;
  }
  throw new Error('no such command: test/raft/script/commands.ts lists them');
}
