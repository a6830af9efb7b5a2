import type { Operation } from './operation.ts';

/** An operation whose requests are fit to be taken from the socket, with the framework's own check of their body. */
export interface DirectRoute {
  readonly operation: Operation;
  /** The very function that the framework calls for this route. */
  readonly fits: (body: unknown) => boolean;
}

/** Routed by the path alone: no parameters, no query, a body that must be there. */
export const isDirect = ({ method, path, body, query, bodyOptional, open }: Operation): boolean =>
  method === 'POST' &&
  !path.includes('{') &&
  body !== undefined &&
  query === undefined &&
  bodyOptional === undefined &&
  open === undefined;
