import type { JSX } from 'preact';
import { Dialog } from '../components/dialog.tsx';

const KEYS: readonly [keys: readonly string[], what: string][] = [
  [['/'], 'Go to the filter'],
  [['n'], 'New task'],
  [['j', 'k'], 'Next and previous task of a list; also the arrow keys'],
  [['Enter'], 'Open the task'],
  [['Ctrl', 'Enter'], 'Submit, within the form of a new task'],
  [['Esc'], 'Close a dialog'],
  [['?'], 'Show these keys'],
];

/** What the keyboard does. */
export function KeysDialog({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <div class="middle">
        <dl class="keys">
          {KEYS.map(([keys, what]) => (
            <>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
