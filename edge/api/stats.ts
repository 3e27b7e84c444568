import type { Context } from 'hono';
import type { QueueStats, RunnerList, TypeSwitch } from '../contract/stats.ts';
import { TaskType } from '../contract/task.ts';
import { check } from '../http/input.ts';
import { ledgerOf } from '../http/ledger.ts';
import { openedBy } from '../http/tickets.ts';
import { expectUpgrade } from '../http/upgrade.ts';
import type { ApiEnv } from './env.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `GET /stats`. */
export async function getStats(c: ApiContext): Promise<Response> {
  const { stats: answer }: { stats: QueueStats } = await ledgerOf(c.env).look();
  return c.json(answer);
}

/** `GET /runners`. */
export async function listRunners(c: ApiContext): Promise<Response> {
  const runners = await ledgerOf(c.env).runners();
  const answer: RunnerList = { runners, count: runners.length };
  return c.json(answer);
}

/** `GET /live`: a WebSocket that tells how the queue stands, when it opens and whenever that has changed. */
export function openLive(c: ApiContext): Promise<Response> {
  expectUpgrade(c);
  const url = new URL('/live', c.req.url);
  url.searchParams.set('client', openedBy(c));
  return ledgerOf(c.env).fetch(url, { headers: { Upgrade: 'websocket' } });
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
