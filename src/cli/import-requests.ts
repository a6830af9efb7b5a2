import { hash } from 'node:crypto';
import { NAME_CHARS_MAX } from '../http/limits.ts';
import type { CrontabTask } from './crontab-file.ts';
import { shortened } from './terminal.ts';

/** A line, and what is asked of the node for it. */
export interface ImportLine {
  readonly line: number;
  readonly body: string;
  readonly key: string;
}

/**
 * The key stands for the request itself and for how many equal ones came before it in the file. So an import that is repeated, after
 * an error or with one line mended, creates what is not there and nothing twice, for as long as the node keeps keys.
 */
export function importLines(
  tasks: readonly CrontabTask[],
  options: { readonly url: string; readonly timezone?: string },
  salt: string,
): readonly ImportLine[] {
  const seen = new Map<string, number>();
  return tasks.map((task) => {
    const body = JSON.stringify({
      name: nameOf(task.command),
      schedule: task.schedule,
      timezone: task.timezone ?? options.timezone,
      callback: { url: options.url, body: { command: task.command } },
    });
    const before = seen.get(body) ?? 0;
    seen.set(body, before + 1);
    return { line: task.line, body, key: `import-${hash('sha256', `${salt}\n${before}\n${body}`, 'hex')}` };
  });
}

/** Commands may be longer than names, and hold tabs; the body keeps the command as it is. */
const nameOf = (command: string): string => shortened(command.replace(/\p{Cc}+/gu, ' '), NAME_CHARS_MAX);
