import type { Context } from 'hono';
import { MAX_LIVE_SOCKETS } from '../contract/limits.ts';
import type { LiveUpdate, QueueStats, RunnerList, RunnerView, TypeSwitch } from '../contract/stats.ts';
import { TaskType } from '../contract/task.ts';
import { unlessBusy } from '../http/busy.ts';
import { ApiError } from '../http/errors.ts';
import { check } from '../http/input.ts';
import { openedBy } from '../http/tickets.ts';
import { expectUpgrade } from '../http/upgrade.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiEnv } from './env.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `GET /stats`. */
export async function getStats(c: ApiContext): Promise<Response> {
  const answer: QueueStats = unlessBusy<LiveUpdate>(await ledgerOf(c.env).snapshot()).stats;
  return c.json(answer);
}

/** `GET /runners`. */
export async function listRunners(c: ApiContext): Promise<Response> {
  const runners = unlessBusy<RunnerView[]>(await ledgerOf(c.env).runners());
  const answer: RunnerList = { runners, count: runners.length };
  return c.json(answer);
}

/** `GET /live`: a WebSocket that sends the statistics when it opens, and again when they have changed. */
export async function openLive(c: ApiContext): Promise<Response> {
  expectUpgrade(c);
  const url = new URL('/live', c.req.url);
  url.searchParams.set('client', openedBy(c));
  const answer = await ledgerOf(c.env).fetch(url, { headers: { Upgrade: 'websocket' } });
  if (answer.status !== 503) return answer;
  throw new ApiError(
    'unavailable',
    `There are ${MAX_LIVE_SOCKETS} sockets already, which is the most there may be: close one, and try again`,
  );
}

/** `POST /types/:type/pause`. */
export async function pauseType(c: ApiContext): Promise<Response> {
  const type = readType(c);
  await ledgerOf(c.env).pause(type);
  return answerSwitch(c, type, true);
}

/** `POST /types/:type/resume`. */
export async function resumeType(c: ApiContext): Promise<Response> {
  const type = readType(c);
  await ledgerOf(c.env).resume(type);
  return answerSwitch(c, type, false);
}

function readType(c: ApiContext): string {
  return check(TaskType, c.req.param('type'));
}

function answerSwitch(c: ApiContext, type: string, paused: boolean): Response {
  const answer: TypeSwitch = { success: true, type, paused };
  return c.json(answer);
}
