import type { JSX } from 'preact';
import type { Schedule } from '../../../../contract/schedule.ts';
import { Dialog } from '../../components/dialog.tsx';
import { remove } from '../../state/schedules.ts';

/** Asks for confirmation before a schedule is deleted. */
export function DeleteDialog({
  schedule,
  onClose,
}: {
  schedule: Schedule;
  onClose: () => void;
}): JSX.Element {
  const { name, declared } = schedule;
  return (
    <Dialog title="Delete a schedule" onClose={onClose}>
      <div class="middle">
        <p>
          Delete <strong>{name}</strong>? The tasks that it has inserted stay.
        </p>
        {declared && (
          <p class="muted">A task type declares it. The next `runner schedules apply` sets it again.</p>
        )}
      </div>
      <div class="bottom">
        <button type="button" class="button" onClick={onClose}>
          Go back
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            void remove(name);
            onClose();
          }}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
