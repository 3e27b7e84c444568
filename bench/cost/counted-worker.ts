import { countDelivery } from './bindings.ts';
import { setAhead } from './clock.ts';
import type { Tally } from './tally.ts';

/**
 * A worker as it is, but that it counts its requests and what it does through its bindings. It answers
 * besides `GET /bench/operations` with the counts, and `POST /bench/clock?ahead=` sets its clock, in
 * milliseconds.
 */
export function countedWorker<Env, Body = unknown>(
  worker: ExportedHandler<Env, Body>,
  tally: Tally,
  countBindings: (env: Env) => Env,
): ExportedHandler<Env, Body> {
  let bindings: Env | undefined;
  const counted = (env: Env) => {
    bindings ??= countBindings(env);
    return bindings;
  };
  return {
    fetch(request, env, ctx) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === '/bench/operations') return Response.json(tally.counts);
      if (pathname === '/bench/clock') {
        setAhead(Number(searchParams.get('ahead')));
        return Response.json({});
      }
      tally.add('workerRequests');
      return worker.fetch?.(request, counted(env), ctx) ?? new Response(null, { status: 404 });
    },
    async queue(batch, env, ctx) {
      tally.add('workerRequests');
      await worker.queue?.(batch, counted(env), ctx);
      countDelivery(batch, tally);
    },
    async scheduled(controller, env, ctx) {
      tally.add('workerRequests');
      await worker.scheduled?.(controller, counted(env), ctx);
    },
  };
}
