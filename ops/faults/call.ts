/** One HTTP call of a client, and what it says about what was done. */
export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly value: Readonly<Record<string, unknown>> }
  /** Certainly not done. */
  | { readonly kind: 'refused'; readonly why: string; readonly tookMs: number; readonly retryAfter: string | null }
  /** It may have been done, or be done even now. */
  | { readonly kind: 'unknown'; readonly why: string; readonly tookMs: number };

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly key?: string;
  readonly body?: object;
  readonly timeoutMs?: number;
}

/** A little longer than a node takes at most to say that it does not know. */
const TIMEOUT_MS = 12_000;

export async function call({ method, url, key, body, timeoutMs = TIMEOUT_MS }: Call): Promise<Answer> {
  const beganMs = performance.now();
  const tookMs = (): number => performance.now() - beganMs;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const value = (await response.json()) as Readonly<Record<string, unknown>>;
    const why = `${response.status} ${String(value.code)}`;
    if (response.status === 503) {
      return { kind: 'refused', why, tookMs: tookMs(), retryAfter: response.headers.get('retry-after') };
    }
    if (response.status >= 500) return { kind: 'unknown', why, tookMs: tookMs() };
    return { kind: 'answered', status: response.status, value };
  } catch (error) {
    const code = (error as { readonly cause?: { readonly code?: string } }).cause?.code;
    // Nobody listened, so nobody heard it.
    if (code === 'ECONNREFUSED') return { kind: 'refused', why: code, tookMs: tookMs(), retryAfter: null };
    return { kind: 'unknown', why: code ?? (error as Error).name, tookMs: tookMs() };
  }
}
