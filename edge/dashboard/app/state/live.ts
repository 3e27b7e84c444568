import { effect, signal } from '@preact/signals';
import { LiveUpdate, type QueueStats, type RunnerView } from '../../../contract/stats.ts';
import { reconnectDelay } from '../../logic/reconnect.ts';
import { setServerTime } from './clock.ts';
import { ask, session } from './session.ts';

/**
 * The state of the page's connection.
 *
 * - `connecting`: the first attempt has not ended.
 * - `live`: the socket is open; each change arrives within a second.
 * - `reconnecting`: the socket has broken, and the page opens another one.
 * - `offline`: several attempts have failed, or the machine has no network. The page continues to try.
 */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline';

export const connection = signal<Connection>('connecting');
/** The time of the next attempt, in Unix milliseconds of this machine; undefined during an attempt. */
export const nextAttemptAt = signal<number | undefined>(undefined);
export const stats = signal<QueueStats | undefined>(undefined);
export const runners = signal<readonly RunnerView[] | undefined>(undefined);
/** The time of the last update, in Unix milliseconds of this machine. */
export const updatedAt = signal<number | undefined>(undefined);

const OPEN_WITHIN_MS = 10_000;
/** If a ping has no answer when the next one is due, the socket is dead. */
const PING_MS = 10_000;
/**
 * If no update arrives for this long, the page asks for one. Some values, such as a silent runner, change only by
 * time.
 */
const REFRESH_AFTER_MS = 30_000;
const OFFLINE_AFTER = 3;

/** The page is connected, connecting, or waiting for the next attempt. */
let active = false;
let socket: WebSocket | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
let heardAt = 0;
let pingedAt = 0;
/** Counts attempts. Events of earlier attempts are ignored. */
let generation = 0;

/** Keeps the page connected while the session allows it. */
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

/** Connects now instead of waiting for the next attempt. */
export function connectNow(): void {
  if (!mayConnect() || connection.value === 'live') return;
  void connect();
}

/** Shows a change that this page has made, without waiting for the socket. */
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

/** Handles a lost or failed connection, and plans the next attempt. */
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

/** Discards the earlier attempts, and returns the number of the new one. */
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
  // If this fails, the socket reports the lost connection.
  if (age >= REFRESH_AFTER_MS && !document.hidden) refreshStats().catch(() => {});
}
