import { messageText } from './message-text.ts';
import { sealPort } from './public-ports.ts';
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

// Kept from before any task module is loaded: what tasks replace later changes nothing here.
const { load, wait } = Atomics;
const { freeze } = Object;

/** The main thread receives notes within this time, in milliseconds; else they are dropped. */
const MAX_WAIT_MS = 1000;
/** What a message has around the ends that it carries. */
const AROUND_ENDS = 16;

/**
 * How a thread talks with the main thread: by texts alone, none longer than {@link MAX_MESSAGE_LENGTH}. A task may
 * have changed what a message is made of, but not that.
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
 * Opens the port that nothing of a task's can reach; it has no prototype that a task could change. At most
 * {@link NOTE_WINDOW} notes are on their way: a task that writes more of them is as slow as the main thread.
 */
export function openThreadPort(
  { port, received }: Setup,
  onAbort: (jobId: number, reason: string) => void,
): ThreadPort {
  const post: (text: string) => void = port.postMessage.bind(port);
  let sent = 0;
  /** Ends in one text: a list would be open to what tasks replace. */
  let ends = '';
  port.on('message', (message: ToThread) => {
    if ('ping' in message) post(textOf({ kind: 'pong' }));
    else onAbort(message.jobId, message.reason);
  });
  // Else `process` would list it, and it would keep the thread alive.
  port.unref();
  sealPort(port, post);
  const sendEnds = (): void => {
    if (ends === '') return;
    const text = `{"ends":[${ends}]}`;
    ends = '';
    post(text);
  };
  const end = (one: JobEnd): void => {
    const text = textOf(one);
    if (text === UNSENT) {
      post(UNSENT);
      return;
    }
    if (ends.length + text.length > MAX_MESSAGE_LENGTH - AROUND_ENDS) sendEnds();
    ends = ends === '' ? text : `${ends},${text}`;
  };
  const note = (message: FromThread): boolean => {
    const text = textOf(message);
    for (;;) {
      const seen = load(received, 0);
      if (((sent - seen) | 0) < NOTE_WINDOW) break;
      if (wait(received, 0, seen, MAX_WAIT_MS) === 'timed-out') return false;
    }
    sent = (sent + costOf(text)) | 0;
    post(text);
    return true;
  };
  return freeze({ end, sendEnds, note });
}

/** Nothing but a text of bounded length comes out of here, whatever a task has replaced. */
function textOf(message: FromThread | JobEnd): string {
  const text = messageText(message);
  return text.length <= MAX_MESSAGE_LENGTH - AROUND_ENDS ? text : UNSENT;
}
