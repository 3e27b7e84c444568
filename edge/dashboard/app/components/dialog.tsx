import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Returns whether Escape, the close button or a click outside may close the dialog. */
  readonly mayClose?: () => boolean;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** A modal dialog that is open as long as it is rendered. Afterwards the focus returns to where it was. */
export function Dialog({ title, onClose, mayClose, wide, children }: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const close = () => {
    if (mayClose?.() ?? true) onClose();
  };
  return (
    <dialog
      ref={ref}
      class={wide ? 'wide-dialog' : ''}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) close();
      }}
    >
      <div class="top">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="button plain square small" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </dialog>
  );
}
