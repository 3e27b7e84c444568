import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Mark } from '../components/icon.tsx';
import { sentenceOf } from '../state/notices.ts';
import { checkAgain, signIn } from '../state/session.ts';

/** Asks for a token of this worker. */
export function SignIn({ reason }: { reason: string | undefined }): JSX.Element {
  const [token, setToken] = useState('');
  const [keep, setKeep] = useState(false);
  const [issue, setIssue] = useState(reason);
  const [isTrying, setTrying] = useState(false);
  const id = useId();
  const submit = async () => {
    const given = token.trim();
    if (given === '') {
      setIssue('Enter a token');
      return;
    }
    setTrying(true);
    try {
      await signIn(given, keep);
    } catch (error) {
      setIssue(sentenceOf(error));
      setTrying(false);
    }
  };
  return (
    <Gate title="Sign in">
      <p class="muted prose">
        Enter one of the <code>API_TOKENS</code> of this worker. The deployment printed one; it cannot be
        shown again. To set the tokens of both workers and create new ones, run{' '}
        <code>npm run deploy -- --set-tokens client</code> in the folder of the project.
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="field">
          <label for={id}>API token</label>
          <input
            id={id}
            class="input"
            type="password"
            name="token"
            autocomplete="current-password"
            autofocus
            aria-invalid={issue !== undefined}
            aria-describedby={`${id}-issue`}
            value={token}
            onInput={({ currentTarget }) => {
              setToken(currentTarget.value);
              setIssue(undefined);
            }}
          />
          <p class="issue" id={`${id}-issue`} role="alert">
            {issue}
          </p>
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={keep}
            onChange={({ currentTarget }) => setKeep(currentTarget.checked)}
          />
          Keep me signed in on this machine
        </label>
        <button type="submit" class="button primary" disabled={isTrying}>
          {isTrying ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </Gate>
  );
}

/** Explains that the worker itself has no tokens yet. */
export function Unconfigured({ reason }: { reason: string }): JSX.Element {
  return (
    <Gate title="Not configured yet">
      <p>{reason}.</p>
      <p class="muted prose">
        <code>npm run deploy</code> creates the tokens of a deployment and shows them once.
      </p>
      <button type="button" class="button" onClick={checkAgain}>
        Check again
      </button>
    </Gate>
  );
}

function Gate({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <main class="main" id="main" tabIndex={-1}>
      <div class="sign-in">
        <div class="brand">
          <Mark />
          Task queue
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
