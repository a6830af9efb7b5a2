/**
 * Reads Server-Sent Events (WHATWG HTML §9.2.6) from the text of an answer, as it comes: for the command line and for the page, whose
 * own EventSource cannot show a token.
 */
export interface ServerSentEvent {
  /** What to go on behind, should the connection end here. */
  readonly lastId: string;
  readonly event: string;
  readonly data: string;
}

export interface ServerSentEventReader {
  /** The next part of the text, cut anywhere; those that are whole now. */
  push(text: string): readonly ServerSentEvent[];
  /** Empty before the first. A block without data moves it, too. */
  readonly lastId: string;
}

/** Of one block. The server's are far smaller: what has no end is no event stream. */
const BLOCK_CHARS_MAX = 1_048_576;

export function createServerSentEventReader(): ServerSentEventReader {
  let unread = '';
  let lastId = '';
  let id = '';
  let event = '';
  let data: string[] = [];

  function take(line: string): void {
    const colon = line.indexOf(':');
    // A comment begins with it.
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }

  function dispatch(): ServerSentEvent | null {
    lastId = id;
    const whole = data.length === 0 ? null : { lastId, event: event === '' ? 'message' : event, data: data.join('\n') };
    event = '';
    data = [];
    return whole;
  }

  return {
    get lastId() {
      return lastId;
    },
    push(text) {
      unread += text;
      const events: ServerSentEvent[] = [];
      // A carriage return at the very end may be the half of a line's end.
      const lines = unread.split(/\r\n|\n|\r(?!$)/);
      unread = lines.pop() ?? '';
      for (const line of lines) {
        if (line !== '') take(line);
        else {
          const whole = dispatch();
          if (whole !== null) events.push(whole);
        }
      }
      if (unread.length + data.reduce((sum, one) => sum + one.length, 0) > BLOCK_CHARS_MAX)
        throw new RangeError('an event without an end');
      return events;
    },
  };
}
