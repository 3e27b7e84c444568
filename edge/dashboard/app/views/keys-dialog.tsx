import type { JSX } from 'preact';
import { Dialog } from '../components/dialog.tsx';

const KEYS: readonly [keys: readonly string[], what: string][] = [
  [['/'], 'Go to the filter'],
  [['n'], 'New task'],
  [['j', 'k'], 'Next and previous task in a list; the arrow keys work too'],
  [['Enter'], 'Open the task'],
  [['Ctrl', 'Enter'], 'Submit the form of a new task'],
  [['Esc'], 'Close a dialog'],
  [['?'], 'Show these keys'],
];

/** Lists the keyboard shortcuts. */
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
