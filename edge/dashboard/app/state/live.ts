import { effect, signal } from '@preact/signals';
import { LiveUpdate, type QueueStats, type RunnerView } from '../../../contract/stats.ts';
import { reconnectDelay } from '../../logic/reconnect.ts';
import { setServerTime } from './clock.ts';
import { ask, session } from './session.ts';

/**
 * How the page is connected.
 *
 * - `connecting`: for the first time.
 * - `live`: the socket is open; each change arrives within a second.
 * - `reconnecting`: the socket has broken, and another is being opened.
 * - `offline`: that has failed some times, or the machine has no network. It is still tried.
 */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline';

export const connection = signal<Connection>('connecting');
/** When the next attempt is made, in Unix milliseconds of this machine; undefined while one is under way. */
export const nextAttemptAt = signal<number | undefined>(undefined);
export const stats = signal<QueueStats | undefined>(undefined);
export const runners = signal<readonly RunnerView[] | undefined>(undefined);
/** When the last update came, in Unix milliseconds of this machine. */
export const updatedAt = signal<number | undefined>(undefined);

const OPEN_WITHIN_MS = 10_000;
/** A ping that is not answered until the next is due tells that the socket is dead. */
const PING_MS = 10_000;
/** What only time changes, such as a runner that has gone silent, is asked for this often while nothing comes. */
const ASK_ANEW_MS = 30_000;
const OFFLINE_AFTER = 3;

/** It is connected, connecting, or waiting to. */
let active = false;
let socket: WebSocket | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
let heardAt = 0;
let pingedAt = 0;
/** Counts attempts: what belongs to an earlier one is dropped. */
let generation = 0;

/** Connects while the session allows it. */
export function stayConnected(): void {
  effect(() => {
    const { state } = session.value;
    if (state === 'open' || state === 'checking') {
      if (!active) void connect();
    } else disconnect();
  });
  addEventListener('offline', () => {
    if (mayConnect()) lose('offline');
  });
  addEventListener('online', connectNow);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && connection.value !== 'live') connectNow();
  });
  setInterval(keepAlive, PING_MS);
}

/** Tries at once instead of at the next attempt. */
export function connectNow(): void {
  if (!mayConnect() || connection.value === 'live') return;
  void connect();
}

/** A change that this page has made itself is shown without waiting for the socket. */
export async function refreshStats(): Promise<void> {
  const [freshStats, list] = await Promise.all([
    ask((queue) => queue.stats()),
    ask((queue) => queue.runners()),
  ]);
  show({ stats: freshStats, runners: list.runners });
}

function mayConnect(): boolean {
  return session.value.state === 'open' || session.value.state === 'checking';
}

async function connect(): Promise<void> {
  active = true;
  const own = restart();
  try {
    const { ticket } = await ask((queue) => queue.ticket({ signal: AbortSignal.timeout(OPEN_WITHIN_MS) }));
    if (own !== generation) return;
    const opened = new WebSocket(`/live?ticket=${encodeURIComponent(ticket)}`);
    socket = opened;
    timer = setTimeout(() => lose(), OPEN_WITHIN_MS);
    opened.onmessage = ({ data }) => {
      if (own === generation) hear(data);
    };
    opened.onclose = () => {
      if (own === generation) lose();
    };
  } catch {
    if (own === generation && mayConnect()) lose();
  }
}

function hear(data: unknown): void {
  heardAt = Date.now();
  if (data === 'pong') return;
  const update = LiveUpdate.safeParse(typeof data === 'string' ? JSON.parse(data) : undefined);
  if (!update.success) return;
  clearTimeout(timer);
  failures = 0;
  connection.value = 'live';
  show(update.data);
}

function show(update: LiveUpdate): void {
  setServerTime(update.stats.timestamp);
  stats.value = update.stats;
  runners.value = update.runners;
  updatedAt.value = Date.now();
}

/** The connection is gone or did not come about: another attempt follows. */
function lose(state?: 'offline'): void {
  restart();
  failures += 1;
  const isOffline = state === 'offline' || !navigator.onLine || failures >= OFFLINE_AFTER;
  connection.value = isOffline ? 'offline' : 'reconnecting';
  const delay = reconnectDelay(failures - 1, Math.random());
  nextAttemptAt.value = Date.now() + delay;
  timer = setTimeout(connectNow, delay);
}

function disconnect(): void {
  restart();
  active = false;
  failures = 0;
  connection.value = 'connecting';
  stats.value = undefined;
  runners.value = undefined;
  updatedAt.value = undefined;
}

/** Drops what belongs to the attempts before. */
function restart(): number {
  clearTimeout(timer);
  timer = undefined;
  nextAttemptAt.value = undefined;
  socket?.close();
  socket = undefined;
  generation += 1;
  return generation;
}

function keepAlive(): void {
  if (connection.value !== 'live' || socket?.readyState !== WebSocket.OPEN) return;
  if (pingedAt > heardAt) {
    lose();
    return;
  }
  pingedAt = Date.now();
  socket.send('ping');
  const age = Date.now() - (updatedAt.value ?? 0);
  // Where it fails, the socket tells.
  if (age >= ASK_ANEW_MS && !document.hidden) refreshStats().catch(() => {});
}
