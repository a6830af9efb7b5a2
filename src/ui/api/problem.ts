/** What can be said of a request that did not do what it was to do. */
export interface Problem {
  /** `unreachable`: no answer came; `signed_out`: a token is needed, or the one given is not right; `refused`: the node said no. */
  readonly kind: 'unreachable' | 'signed_out' | 'refused';
  /** One line for a heading. */
  readonly title: string;
  /** What is wrong, and where there is something to do about it, what. */
  readonly detail: string;
  /** The node's own code (docs/errors.md), where it gave one. */
  readonly code: string | null;
  readonly status: number | null;
  /** By JSON Pointer, as `/schedule`: what a field of the request is told. */
  readonly fields: Readonly<Record<string, string>>;
}

interface ProblemDocument {
  readonly code?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly errors?: unknown;
}

export function unreachable(): Problem {
  return {
    kind: 'unreachable',
    title: 'The node does not answer',
    detail: 'It may be stopped, or the way to it cut. This page goes on by itself as soon as it answers again.',
    code: null,
    status: null,
    fields: {},
  };
}

/** Said of what was to be done. To look again, as a page does by itself, brings no answer that was lost; and to do it again may be once too often. */
export function ofAction(problem: Problem): Problem {
  // A proxy's answer says nothing of what the node did with the request.
  const isOfNode = problem.kind === 'signed_out' || problem.code !== null || (problem.status ?? 0) < 500;
  if (isOfNode && problem.kind !== 'unreachable') return problem;
  const why = problem.kind === 'unreachable' ? 'The node did not answer' : problem.title;
  return {
    ...problem,
    title: 'It is not known whether that was done',
    detail: `${why}: the request or its answer was lost on the way. Look at what is shown once the node answers, and try again if it was not done.`,
  };
}

export function signedOut(): Problem {
  return {
    kind: 'signed_out',
    title: 'You are signed out',
    detail: 'The token was removed from this tab.',
    code: null,
    status: null,
    fields: {},
  };
}

export function noToken(): Problem {
  return { ...unfitToken(), title: 'No token was given', detail: 'Paste the one that the node was started with.' };
}

export function unfitToken(): Problem {
  return {
    kind: 'signed_out',
    title: 'That is no token',
    detail:
      'A token has only visible ASCII characters. What was given has others, or blanks within: they may have come with copying it.',
    code: null,
    status: null,
    fields: {},
  };
}

/** From an answer that is no success; its body may be a proxy's, and anything. */
export function problemOf(status: number, body: unknown, hadToken: boolean): Problem {
  const said: ProblemDocument = typeof body === 'object' && body !== null ? body : {};
  const code = typeof said.code === 'string' ? said.code : null;
  if (status === 401) {
    return {
      kind: 'signed_out',
      title: hadToken ? 'The token was refused' : 'This node asks for a token',
      detail: hadToken
        ? 'It is not the one the node was started with. Paste it again, whole.'
        : 'It is what the node was started with as XCRON_API_TOKEN.',
      code,
      status,
      fields: {},
    };
  }
  return {
    kind: 'refused',
    title: typeof said.title === 'string' && said.title !== '' ? said.title : `The node answered ${status}`,
    detail: typeof said.detail === 'string' ? said.detail : '',
    code,
    status,
    fields: fieldsOf(said.errors),
  };
}

function fieldsOf(errors: unknown): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const error of Array.isArray(errors) ? errors : []) {
    const { path, message } = error as { readonly path?: unknown; readonly message?: unknown };
    if (typeof path === 'string' && typeof message === 'string') fields[path] ??= message;
  }
  return fields;
}
