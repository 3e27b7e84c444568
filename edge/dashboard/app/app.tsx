import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Route } from '../logic/route.ts';
import { Empty } from './components/empty.tsx';
import { keysShown } from './state/keys.ts';
import { route } from './state/route.ts';
import { session } from './state/session.ts';
import { draft } from './state/submission.ts';
import { OfflineStrip } from './views/connection-state.tsx';
import { Header } from './views/header.tsx';
import { KeysDialog } from './views/keys-dialog.tsx';
import { Overview } from './views/overview.tsx';
import { Runners } from './views/runners.tsx';
import { Schedules } from './views/schedules.tsx';
import { SignIn, Unconfigured } from './views/sign-in.tsx';
import { SubmitDialog } from './views/submit-dialog.tsx';
import { Task } from './views/task.tsx';
import { Tasks } from './views/tasks.tsx';
import { Toasts } from './views/toasts.tsx';
import { Types } from './views/types.tsx';

/** The page. The session decides whether it is shown, and the address decides which view. */
export function App(): JSX.Element {
  const current = session.value;
  if (current.state === 'signed-out') return <SignIn reason={current.reason} />;
  if (current.state === 'unconfigured') return <Unconfigured reason={current.reason} />;
  return <Shell />;
}

function Shell(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const shown = placeOf(route.value);
  const before = useRef(shown);
  useEffect(() => {
    if (before.current === shown) return;
    before.current = shown;
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }, [shown]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Header />
      <OfflineStrip />
      <main class="main" id="main" ref={main} tabIndex={-1}>
        <View route={route.value} />
      </main>
      {draft.value && <SubmitDialog draft={draft.value} />}
      {keysShown.value && (
        <KeysDialog
          onClose={() => {
            keysShown.value = false;
          }}
        />
      )}
      <Toasts />
    </>
  );
}

/** A name for the view. It does not depend on the view's filters and pages. */
function placeOf(shown: Route): string {
  return shown.view === 'task' ? `task ${shown.id}` : shown.view;
}

function View({ route: shown }: { route: Route }): JSX.Element {
  switch (shown.view) {
    case 'overview':
      return <Overview />;
    case 'tasks':
      return <Tasks filter={shown.filter} cursor={shown.cursor} />;
    case 'task':
      return <Task key={shown.id} id={shown.id} />;
    case 'types':
      return <Types />;
    case 'schedules':
      return <Schedules cursor={shown.cursor} />;
    case 'runners':
      return <Runners />;
    case 'unknown':
      return (
        <section class="panel">
          <Empty
            title="This page does not exist"
            actions={
              <a class="button" href="#/">
                Go to the overview
              </a>
            }
          />
        </section>
      );
  }
}
