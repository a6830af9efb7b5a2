/** What the tests ask of a node, as its users do. */
export interface CreatedTask {
  readonly status: number;
  readonly taskId: string;
}

export async function createTask(url: string, task: Readonly<Record<string, unknown>>): Promise<CreatedTask> {
  const response = await fetch(`${url}/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(task),
  });
  const { id = '' } = (await response.json()) as { id?: string };
  return { status: response.status, taskId: id };
}

export async function readJson<T>(url: string): Promise<{ readonly status: number; readonly value: T }> {
  const response = await fetch(url);
  return { status: response.status, value: (await response.json()) as T };
}

/** Far enough ahead never to fire in a test. */
export const YEARLY = { schedule: '0 0 1 1 *', callback: { url: 'http://127.0.0.1:9/' } };
