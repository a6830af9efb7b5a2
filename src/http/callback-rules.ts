import type { FieldError } from './api-error.ts';

/**
 * What a callback may look like, as the dispatch room judges it (`checkCallbackUrl`, `checkCallbackHeaders`). A port, because
 * this room stands on the node only; whoever starts the server hands it in.
 */
export interface CallbackRules {
  /** What is wrong with the URL, literal guarded addresses included; null when it may be called. */
  refuseUrl(url: string): string | null;
  /** What is wrong with the headers; paths are JSON Pointers inside the headers object. */
  refuseHeaders(headers: Readonly<Record<string, string>>): readonly FieldError[];
}
