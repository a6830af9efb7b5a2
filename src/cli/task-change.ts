import type { Asked } from './action.ts';
import type { ApiRequest } from './api-client.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openClient, sayFailure } from './server-options.ts';
import { readTask } from './task-answer.ts';
import type { ShowOptions } from './task-show.ts';
import { printable } from './terminal.ts';

type Verb = 'pause' | 'resume' | 'run' | 'cancel';

const DONE: Readonly<Record<Verb, string>> = {
  pause: 'paused',
  resume: 'resumed',
  run: 'started once',
  cancel: 'cancelled',
};

function requestOf(verb: Verb, id: string): ApiRequest {
  const path = `/v1/tasks/${encodeURIComponent(id)}`;
  return verb === 'cancel' ? { method: 'DELETE', path } : { method: 'POST', path: `${path}/${verb}` };
}

/** One after another; a task that refuses does not keep the next from its turn, a node that is away does. */
export async function changeTasks(
  verb: Verb,
  ids: readonly string[],
  options: ShowOptions,
  asked: Asked,
): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  let exit: ExitCode = EXIT.done;
  for (const id of ids) {
    const answer = await client.send(requestOf(verb, id));
    if (!answer.ok) {
      exit = worse(exit, sayFailure(terminal, answer, ids.length > 1 ? printable(id) : ''));
      if (exit === EXIT.unavailable) return exit;
      continue;
    }
    if (options.json === true) terminal.out(answer.text.trimEnd());
    else {
      const { nextAt } = readTask(answer.json);
      const next = verb === 'resume' && nextAt !== '' ? `, next at ${printable(nextAt)}` : '';
      terminal.out(`task ${printable(id)} ${DONE[verb]}${next}`);
    }
  }
  return exit;
}

/** Not knowing is worse than a refusal: a script must look before it goes on. */
const worse = (one: ExitCode, other: ExitCode): ExitCode => (one > other ? one : other);
