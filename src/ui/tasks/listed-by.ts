import type { LiveEvent } from '../live/live-events.ts';
import type { TaskListFilter } from '../route.ts';

/** Whether a task that was just made is one that this filter lists. To ask the node is dear where it has to look through all names. */
export function listsNewTask({ name, state, tag }: TaskListFilter, event: LiveEvent): boolean {
  if (event.kind !== 'TaskCreated' || (state !== '' && state !== 'scheduled')) return false;
  const { name: given, tags } = event;
  if (name !== '' && !(typeof given === 'string' && given.toLowerCase().includes(name.toLowerCase()))) return false;
  return tag === '' || (Array.isArray(tags) && tags.includes(tag));
}
