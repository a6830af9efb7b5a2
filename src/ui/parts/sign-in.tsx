import { useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { Session } from '../api/session.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';

export function SignIn({ session, refusal }: { readonly session: Session; readonly refusal: Problem }) {
  const [token, setToken] = useState('');
  return (
    <form
      class="card sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '') session.signIn(token);
      }}
    >
      <div class="card-body">
        <h1>Sign in</h1>
        <p role="alert">
          <strong>{refusal.title}.</strong> {refusal.detail}
        </p>
        <Field label="API token" hint="Kept in this tab until it is closed.">
          {(control) => (
            <input
              {...control}
              type="password"
              autocomplete="off"
              spellcheck={false}
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          )}
        </Field>
        <Button kind="main" submits disabled={token.trim() === ''}>
          Sign in
        </Button>
      </div>
    </form>
  );
}
