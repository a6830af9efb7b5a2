/** The same request for a shell. The token stays out of it: a command line is kept in histories. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The node asks for a token. */
  readonly signedIn: boolean;
}

export function curlLine({ method, url, headers, body, signedIn }: CurlRequest): string {
  const lines = [
    `curl${method === 'POST' ? '' : ` -X ${method}`} ${quote(url)}`,
    ...(signedIn ? ['-H "authorization: Bearer $XCRON_API_TOKEN"'] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    `-d ${quote(body)}`,
  ];
  return lines.join(' \\\n  ');
}

/** For a POSIX shell: nothing is special between single quotes but the quote. */
const quote = (text: string): string => (/^[\w:/.@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
