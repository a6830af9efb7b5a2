import { invariant } from '../invariant.ts';

/** What a failed response leaves in the history: enough for an error message, small enough for the log (design.md, outcomes). */
export const EXCERPT_BYTES_MAX = 1_024;

export interface ExcerptReader {
  take(chunk: Uint8Array): void;
  /** Null when there was no body. `complete`: the body ended here, so a character cut at its end is invalid rather than cut by us. */
  text(complete: boolean): string | null;
}

/**
 * Keeps the first bytes of a body and reads them as UTF-8: invalid bytes become U+FFFD, a character that crosses the bound is
 * dropped whole, and the result is at most EXCERPT_BYTES_MAX bytes again (a replacement character is longer than the byte it
 * stands for). Control characters stay: JSON can carry them.
 */
export function excerptReader(): ExcerptReader {
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let more = false;
  return {
    take(chunk) {
      const room = EXCERPT_BYTES_MAX - keptBytes;
      if (chunk.length > room) more = true;
      if (room === 0 || chunk.length === 0) return;
      // Copied: undici's chunks are windows on a buffer that it uses again.
      kept.push(Uint8Array.from(chunk.subarray(0, room)));
      keptBytes += Math.min(chunk.length, room);
    },
    text(complete) {
      if (keptBytes === 0) return null;
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      const text = decoder.decode(Buffer.concat(kept), { stream: more || !complete });
      return cutToBytes(text, EXCERPT_BYTES_MAX);
    },
  };
}

function cutToBytes(text: string, bytesMax: number): string {
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(bytesMax));
  invariant(written <= bytesMax, 'I10', `an excerpt of ${written} bytes`);
  return text.slice(0, read);
}
