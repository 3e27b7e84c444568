import type { JSX } from 'preact';
import { Choice } from '../components/choice.tsx';
import { Icon } from '../components/icon.tsx';
import { keysShown } from '../state/keys.ts';
import { session, signOut } from '../state/session.ts';
import { chooseTheme, THEMES, theme } from '../state/theme.ts';

const NAMES = { auto: 'Auto', light: 'Light', dark: 'Dark' } as const;
const MENU = 'page-menu';

/** The menu of the page: theme, keyboard and sign-out. */
export function Menu(): JSX.Element {
  const current = session.value;
  return (
    <>
      <button type="button" class="button plain square" aria-label="Menu" popovertarget={MENU}>
        <Icon name="more" />
      </button>
      <div class="menu" id={MENU} popover="auto">
        <p class="label" aria-hidden="true">
          Theme
        </p>
        <Choice
          label="Theme"
          value={theme.value}
          onChoose={chooseTheme}
          options={THEMES.map((value) => ({ value, text: NAMES[value] }))}
        />
        <button
          type="button"
          class="button plain"
          popovertarget={MENU}
          popovertargetaction="hide"
          onClick={() => {
            keysShown.value = true;
          }}
        >
          <Icon name="keyboard" />
          Keyboard
          <kbd>?</kbd>
        </button>
        {current.state === 'open' && current.hasToken && (
          <button type="button" class="button plain" onClick={() => signOut()}>
            <Icon name="leave" />
            Sign out
          </button>
        )}
      </div>
    </>
  );
}
