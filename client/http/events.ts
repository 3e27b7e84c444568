import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { StatusView } from '../../edge/contract/api.ts';
import { parseJson } from '../../edge/contract/text.ts';
import { TaskQueueError } from '../errors.ts';
import { delay } from './delay.ts';
import { failureOf, unexpected } from './failures.ts';
import type { Http } from './http.ts';

/** The worker sends something every 15 s. A stream that is silent for three times as long is dead. */
const SILENCE_MS = 45_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** The number of streams in a row that may end without an event: before the first event, and after one. */
const MAX_BARREN = { first: 3, later: 10 };

/**
 * Yields the changes of a task until it has ended. If a stream breaks, falls silent or ends, the next one
 * continues after the last event. Before it opens the next stream, it waits for a random delay, which grows with
 * each stream without an event.
 *
 * @throws {TaskQueueError} if too many streams in a row have no event, or for an error that a retry cannot fix.
 */
export async function* followEvents(
  http: Http,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<StatusView, void, undefined> {
  let lastEventId: string | undefined;
  for (let barren = 1; ; barren += 1) {
    const openedAt = Date.now();
    try {
      const body = await openStream(http, path, lastEventId, signal);
      if (body === null) return;
      for await (const event of readEvents(body)) {
        barren = 0;
        lastEventId = event.id;
        const view = readView(http, path, event);
        yield view;
        if (view.completedAt !== undefined) return;
      }
      throw new TaskQueueError('unreachable', `The API Worker at ${http.url} ended the stream of events`);
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = thrown instanceof TaskQueueError ? thrown : failureOf(http.url, path, thrown);
      if (Date.now() - openedAt > SILENCE_MS / 2) barren = 0;
      const most = lastEventId === undefined ? MAX_BARREN.first : MAX_BARREN.later;
      if (barren >= most || !isPassing(error)) throw error;
    }
    await delay(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** barren), signal);
  }
}

/** Opens a stream. Returns null if there will be no more events. */
async function openStream(
  http: Http,
  path: string,
  lastEventId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array> | null> {
  const response = await http.open(path, {
    headers: {
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal,
    repeatable: false,
  });
  if (response.status === 204) return null;
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  if (isStream && response.body) return response.body;
  throw unexpected(http.url, path, response.status);
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function inTime<Value>(reading: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`silent for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
  try {
    return await Promise.race([reading, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function readView(http: Http, path: string, { data }: EventSourceMessage): StatusView {
  const view = StatusView.safeParse(parseJson(data));
  if (view.success) return view.data;
  throw unexpected(http.url, path, 200);
}

function isPassing({ code, status = 500 }: TaskQueueError): boolean {
  return code !== 'not_configured' && status >= 500;
}
