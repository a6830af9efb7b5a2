import type { EntryContent } from './entry.ts';
import { createTask } from './new-task.ts';
import type { Task } from './task.ts';

/** Every creation of an entry, whether or not its pair was applied. */
export function* creationsIn({ atMs, pairs }: EntryContent): Generator<Task> {
  for (const { events, by } of pairs) {
    for (const event of events) if (event.type === 'TaskCreated') yield createTask(event, by, atMs);
  }
}
