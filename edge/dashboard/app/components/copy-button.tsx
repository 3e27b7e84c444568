import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { complain } from '../state/notices.ts';
import { Icon } from './icon.tsx';

const SHOWN_MS = 1500;

/** Copies a text. `what` is the name of the text. */
export function CopyButton({ what, text }: { what: string; text: () => string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setCopied(true);
    } catch {
      complain('The browser does not allow this page to copy. Select the text and copy it yourself');
    }
  };
  return (
    <button
      type="button"
      class="button plain square small"
      aria-label={copied ? `Copied the ${what}` : `Copy the ${what}`}
      title={copied ? 'Copied' : `Copy the ${what}`}
      onClick={copy}
    >
      <Icon name={copied ? 'check' : 'copy'} size={14} />
    </button>
  );
}
