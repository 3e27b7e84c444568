import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type ChildMessage, readMessage, type ThreadMessage } from './thread-messages.ts';
import {
  costOf,
  type JobEnd,
  MAX_MESSAGE_LENGTH,
  NOTE_WINDOW,
  type ToThread,
  UNSENT,
} from './thread-protocol.ts';

/** Above this number of unreadable messages, the runner stops reading the messages of a thread. */
const MAX_BAD_MESSAGES = 100;
/** The same limit for the characters of unreadable messages, because reading them takes time. */
const MAX_BAD_LENGTH = 2 ** 16;

/** Reading such a message would keep the main thread busy. */
const OVERSIZED = 'a message above the size limit';

export interface ThreadInboxOptions {
  /** The number of jobs of the thread that have not ended. */
  readonly openJobs: () => number;
  readonly onMessage: (message: ThreadMessage) => void;
  readonly onChild: (message: ChildMessage) => void;
  /** Returns whether the thread runs any of these jobs. */
  readonly onEnds: (ends: readonly JobEnd[]) => boolean;
  /** Called for an unreadable message, which is dropped. `problem` describes the fault. */
  readonly onBadMessage: (problem: string) => void;
  /** Called once, when the thread has exceeded a limit and its messages are no longer read. */
  readonly onFlood: (problem: string) => void;
}

/**
 * The main thread's side of a thread's private port. It acknowledges messages once in each turn of its event loop. A
 * thread that sends more than {@link NOTE_WINDOW} in one turn does not wait for acknowledgements as it should.
 */
export class ThreadInbox {
  readonly #options: ThreadInboxOptions;
  readonly #received = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;
  readonly #theirs: MessagePort;
  /** The cost of the messages that are not acknowledged. */
  #unacknowledged = 0;
  #bad = 0;
  #badLength = 0;
  /** A ping is not answered yet. */
  #isPinged = false;
  #isClosed = false;

  constructor(options: ThreadInboxOptions) {
    this.#options = options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#theirs = port2;
    port1.on('message', (message: unknown) => this.#take(message));
    port1.unref();
  }

  /** What the thread gets for its side. */
  threadSide(): { port: MessagePort; received: Int32Array<SharedArrayBuffer> } {
    return { port: this.#theirs, received: this.#received };
  }

  post(message: ToThread): void {
    this.#port.postMessage(message);
  }

  /** Pings the thread. Returns whether it has answered the ping before. */
  ping(): boolean {
    if (this.#isPinged) return false;
    this.#isPinged = true;
    this.post({ ping: true });
    return true;
  }

  /** Reads the messages that have arrived. */
  drain(): void {
    for (;;) {
      const next = this.#isClosed ? undefined : receiveMessageOnPort(this.#port);
      if (next === undefined) return;
      this.#take(next.message);
    }
  }

  /** Counts an unreadable message. */
  refuse(problem: string): void {
    if (this.#isClosed) return;
    this.#bad += 1;
    if (this.#bad > MAX_BAD_MESSAGES) this.#stop(`more than ${MAX_BAD_MESSAGES} such messages`);
    else this.#options.onBadMessage(problem);
  }

  close(): void {
    this.#isClosed = true;
    this.#port.close();
  }

  #take(sent: unknown): void {
    if (this.#isClosed) return;
    if (typeof sent !== 'string') this.#stop('a message that is no text');
    else if (sent.length > MAX_MESSAGE_LENGTH || sent === UNSENT) this.#stop(OVERSIZED);
    else this.#read(sent);
  }

  #read(text: string): void {
    const message = readMessage(text, this.#options.openJobs());
    const problem = typeof message === 'string' ? message : this.#handle(message, text);
    if (problem === undefined) return;
    this.#badLength += text.length;
    if (this.#badLength > MAX_BAD_LENGTH) this.#stop(OVERSIZED);
    else this.refuse(problem);
  }

  /** Returns the fault of the message, if it has one. */
  #handle(message: Exclude<ReturnType<typeof readMessage>, string>, text: string): string | undefined {
    if (!('kind' in message)) {
      if (!this.#count(costOf(text))) return undefined;
      return this.#options.onEnds(message) ? undefined : 'the end of a job that it does not run';
    }
    if (message.kind === 'pong') {
      const wasPinged = this.#isPinged;
      this.#isPinged = false;
      return wasPinged ? undefined : 'an answer without a question';
    }
    this.#takeNote(message, costOf(text));
    return undefined;
  }

  #takeNote(note: ThreadMessage | ChildMessage, cost: number): void {
    if (!this.#count(cost)) return;
    if ('pid' in note) this.#options.onChild(note);
    else this.#options.onMessage(note);
  }

  /** Returns false if the thread does not wait for acknowledgements as it should. */
  #count(cost: number): boolean {
    if (this.#unacknowledged === 0) setImmediate(() => this.#acknowledge());
    // A thread that waits exceeds the window by one message at most.
    const isWaiting = this.#unacknowledged <= NOTE_WINDOW;
    if (!isWaiting) this.#stop('more messages than it may send at once');
    this.#unacknowledged += cost;
    return isWaiting;
  }

  #acknowledge(): void {
    Atomics.add(this.#received, 0, this.#unacknowledged);
    Atomics.notify(this.#received, 0);
    this.#unacknowledged = 0;
  }

  #stop(problem: string): void {
    this.#isClosed = true;
    // A closed port still receives the messages that were sent. A transferred port does not.
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(undefined, [this.#port]);
    port2.close();
    this.#options.onFlood(problem);
  }
}
