import { messageText } from './message-text.ts';
import { sealPort } from './ports/public-ports.ts';
import {
  costOf,
  type FromThread,
  type JobEnd,
  MAX_MESSAGE_LENGTH,
  NOTE_WINDOW,
  type Setup,
  type ToThread,
  UNSENT,
} from './thread-protocol.ts';

// Saved before any task module is loaded, so tasks cannot replace these functions.
const { load, wait } = Atomics;
const { freeze } = Object;

/** If the main thread does not receive notes within this time, in milliseconds, they are dropped. */
const MAX_WAIT_MS = 1000;
/** Ends are sent together up to this number of characters, because the main thread parses their results. */
const MAX_ENDS_LENGTH = 2 ** 18;
/** The characters of a message around the ends that it contains. */
const AROUND_ENDS = 16;

/**
 * Sends messages to the main thread. Each is a text of at most {@link MAX_MESSAGE_LENGTH} characters. A task may
 * have changed the content of a message, but cannot change that.
 */
export interface ThreadPort {
  /** Adds the end of a job to those that are sent together. */
  end(end: JobEnd): void;
  /** Sends these ends. */
  sendEnds(): void;
  /** Sends a note; false if the main thread does not receive them. */
  note(message: FromThread): boolean;
}

/**
 * Opens the private port. Task code cannot reach it and cannot change its methods. Messages of a cost of at most
 * {@link NOTE_WINDOW} are unacknowledged at a time, so a task that sends more waits for the main thread.
 */
export function openThreadPort(
  { port, received }: Setup,
  onAbort: (jobId: number, reason: string) => void,
): ThreadPort {
  const post: (text: string) => void = port.postMessage.bind(port);
  let sent = 0;
  /** The ends as one text, because tasks can replace the methods of a list. */
  let ends = '';
  port.on('message', (message: ToThread) => {
    if ('ping' in message) post(textOf({ kind: 'pong' }));
    else onAbort(message.jobId, message.reason);
  });
  // Otherwise `process` would list the port, and the port would keep the thread alive.
  port.unref();
  sealPort(port, post);
  /** Waits until the main thread has acknowledged enough. Returns false if it does not in time. */
  const waitForSpace = (): boolean => {
    for (;;) {
      const seen = load(received, 0);
      if (((sent - seen) | 0) < NOTE_WINDOW) return true;
      if (wait(received, 0, seen, MAX_WAIT_MS) === 'timed-out') return false;
    }
  };
  const send = (text: string): void => {
    sent = (sent + costOf(text)) | 0;
    post(text);
  };
  const sendEnds = (): void => {
    if (ends === '') return;
    const text = `{"ends":[${ends}]}`;
    ends = '';
    // Ends are never dropped, so the thread waits as long as it takes.
    while (!waitForSpace()) {}
    send(text);
  };
  const end = (one: JobEnd): void => {
    const text = textOf(one);
    if (text === UNSENT) {
      post(UNSENT);
      return;
    }
    if (ends.length + text.length > MAX_ENDS_LENGTH) sendEnds();
    ends = ends === '' ? text : `${ends},${text}`;
  };
  const note = (message: FromThread): boolean => {
    const text = textOf(message);
    if (!waitForSpace()) return false;
    send(text);
    return true;
  };
  return freeze({ end, sendEnds, note });
}

/** Returns a text of bounded length, even if a task has replaced functions of Node. */
function textOf(message: FromThread | JobEnd): string {
  const text = messageText(message);
  return text.length <= MAX_MESSAGE_LENGTH - AROUND_ENDS ? text : UNSENT;
}
