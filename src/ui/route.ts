/** Which page the part behind `#` asks for. It needs nothing of the server, and so works under any base path. */
export type Route =
  | { readonly page: 'tasks'; readonly filter: TaskListFilter; readonly cursors: Cursors }
  | { readonly page: 'task'; readonly taskId: string }
  | { readonly page: 'edit'; readonly taskId: string }
  /** `like`: a task whose fields the new one begins with. */
  | { readonly page: 'new'; readonly like: string | null }
  | { readonly page: 'failed' | 'missed'; readonly cursors: Cursors }
  | { readonly page: 'cluster' }
  | { readonly page: 'nowhere' };

/** Those that led to a page of a list, of which the last is this page's own. None: the first page. */
export type Cursors = readonly string[];

/** Whoever goes further finds his way back in one leap from there. Some 20 characters each, in an address. */
export const CURSORS_MAX = 100;

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
  const cursors = asked.getAll('cursor').slice(-CURSORS_MAX);
  const text = (name: string): string => asked.get(name) ?? '';
  if (page === '' || page === 'tasks') {
    return { page: 'tasks', filter: { name: text('name'), state: text('state'), tag: text('tag') }, cursors };
  }
  if (page === 'new') return { page, like: TASK_ID.test(text('like')) ? text('like') : null };
  if (page === 'failed' || page === 'missed') return { page, cursors };
  if (page === 'cluster') return { page };
  return { page: 'nowhere' };
}

/** So that a search can be kept as a bookmark, and the way back leads to it. */
export function listAddress(filter: TaskListFilter): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== '') asked.set(name, value);
  return asked.size === 0 ? '#/tasks' : `#/tasks?${asked}`;
}

/** A page of a list, so that the way back from what stands on it leads to it again. */
export function pageAddress(list: string, cursors: Cursors): string {
  const [path = '', query = ''] = list.split('?', 2);
  const asked = new URLSearchParams(query);
  for (const cursor of cursors.slice(-CURSORS_MAX)) asked.append('cursor', cursor);
  return asked.size === 0 ? path : `${path}?${asked}`;
}
