import type { JSX } from 'preact';
import { Icon } from '../components/icon.tsx';
import { StatusSign } from '../components/status.tsx';
import { dismiss, type Notice, notices } from '../state/notices.ts';

/** The short messages of the page. */
export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-label="Messages">
      {notices.value.map((notice) => (
        <Toast key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function Toast({ notice: { id, tone, text, link } }: { notice: Notice }): JSX.Element {
  return (
    <div class="toast">
      <StatusSign status={tone === 'good' ? 'completed' : 'failed'} />
      <p>
        {text}
        {link && (
          <>
            {' '}
            <a class="link" href={link.href} onClick={() => dismiss(id)}>
              {link.text}
            </a>
          </>
        )}
      </p>
      <button
        type="button"
        class="button plain square small"
        aria-label="Dismiss"
        onClick={() => dismiss(id)}
      >
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}
