/** Which page the part behind `#` asks for. It needs nothing of the server, and so works under any base path. */
export type Route =
  | { readonly page: 'tasks' }
  | { readonly page: 'task'; readonly taskId: string }
  | { readonly page: 'new' }
  | { readonly page: 'failed' }
  | { readonly page: 'cluster' }
  | { readonly page: 'nowhere' };

export function readRoute(hash: string): Route {
  const [path = ''] = hash.replace(/^#?\/?/, '').split('?', 1);
  const [page = '', id, ...rest] = path.split('/');
  if (rest.length > 0) return { page: 'nowhere' };
  if (page === 'tasks' && id !== undefined && /^[1-9][0-9]{0,18}$/.test(id)) return { page: 'task', taskId: id };
  if (id !== undefined && id !== '') return { page: 'nowhere' };
  if (page === '' || page === 'tasks') return { page: 'tasks' };
  if (page === 'new' || page === 'failed' || page === 'cluster') return { page };
  return { page: 'nowhere' };
}
