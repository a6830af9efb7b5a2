/** Which page the part behind `#` asks for. It needs nothing of the server, and so works under any base path. */
export type Route =
  | { readonly page: 'tasks'; readonly filter: TaskListFilter }
  | { readonly page: 'task'; readonly taskId: string }
  | { readonly page: 'edit'; readonly taskId: string }
  /** `like`: a task whose fields the new one begins with. */
  | { readonly page: 'new'; readonly like: string | null }
  | { readonly page: 'failed' }
  | { readonly page: 'missed' }
  | { readonly page: 'cluster' }
  | { readonly page: 'nowhere' };

export interface TaskListFilter {
  readonly name: string;
  readonly state: string;
  readonly tag: string;
}

const TASK_ID = /^[1-9][0-9]{0,18}$/;

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const asked = new URLSearchParams(query);
  const [page = '', id = '', more, ...rest] = path.split('/');
  if (rest.length > 0) return { page: 'nowhere' };
  if (page === 'tasks' && TASK_ID.test(id)) {
    if (more === undefined) return { page: 'task', taskId: id };
    return more === 'edit' ? { page: 'edit', taskId: id } : { page: 'nowhere' };
  }
  if (id !== '' || more !== undefined) return { page: 'nowhere' };
  const text = (name: string): string => asked.get(name) ?? '';
  if (page === '' || page === 'tasks') {
    return { page: 'tasks', filter: { name: text('name'), state: text('state'), tag: text('tag') } };
  }
  if (page === 'new') return { page, like: TASK_ID.test(text('like')) ? text('like') : null };
  if (page === 'failed' || page === 'missed' || page === 'cluster') return { page };
  return { page: 'nowhere' };
}

/** So that a search can be kept as a bookmark, and the way back leads to it. */
export function listAddress(filter: TaskListFilter): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== '') asked.set(name, value);
  return asked.size === 0 ? '#/tasks' : `#/tasks?${asked}`;
}
