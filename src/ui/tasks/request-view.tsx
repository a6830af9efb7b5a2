import { CopyButton } from '../parts/copy-button.tsx';
import { type CurlRequest, curlLine } from './curl-line.ts';

/** The request that the form stands for, to read and to take along. */
export function RequestView({ request }: { readonly request: CurlRequest }) {
  const { pathname } = new URL(request.url);
  const line = curlLine(request);
  return (
    <div class="card request">
      <div class="request-head">
        <h2>Request</h2>
        <CopyButton text={request.body} what="the request" />
      </div>
      <p class="mono small quiet">
        {request.method} {pathname}
      </p>
      <pre class="code">{request.body}</pre>
      <div class="request-head">
        <h3>For a shell</h3>
        <CopyButton text={line} what="the line for a shell" />
      </div>
      <pre class="code">{line}</pre>
    </div>
  );
}
