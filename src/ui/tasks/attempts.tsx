import type { AttemptAnswer } from '../api/answers.ts';
import { attemptWords, excerptTitle, printMs, tookMs } from './attempt-words.ts';

export function Attempts({ attempts }: { readonly attempts: readonly AttemptAnswer[] }) {
  return (
    <ol class="attempts">
      {attempts.map((attempt) => (
        <Attempt key={attempt.number} attempt={attempt} />
      ))}
    </ol>
  );
}

function Attempt({ attempt }: { readonly attempt: AttemptAnswer }) {
  const took = tookMs(attempt);
  return (
    <li class="attempt">
      <span class={`attempt-mark attempt-${attempt.result}`} aria-hidden="true" />
      <div>
        <span class="number">Attempt {attempt.number}</span> {attemptWords(attempt)}
        <span class="quiet small">
          {' '}
          · from {attempt.node_id}
          {took === null ? '' : ` · took ${printMs(took)}`}
        </span>
        {attempt.excerpt === null || attempt.excerpt === '' ? null : (
          <details class="excerpt">
            <summary class="small">{excerptTitle(attempt)}</summary>
            <pre class="code">{attempt.excerpt}</pre>
          </details>
        )}
      </div>
    </li>
  );
}
