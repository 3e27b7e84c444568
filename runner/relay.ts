import type { RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import type { ThreadMessage } from './thread-protocol.ts';

/** Publishes what a thread reports; `held` is the task that it is about, if that still runs. */
export function relay(message: ThreadMessage, held: HeldTask | undefined, events: RunnerBus): void {
  if (message.kind === 'stray') events.emit('stray', { sentence: message.message, ids: message.ids });
  else if (held && message.kind === 'progress') events.emit('progress', { held, value: message.value });
  else if (held && message.kind === 'log') {
    const { level, details } = message;
    events.emit('log', { held, level, message: message.message, details });
  }
}
