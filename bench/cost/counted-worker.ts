import { countDelivery } from './bindings.ts';
import { setAhead } from './clock.ts';
import type { Counters } from './counters.ts';

/**
 * A worker that counts its requests and the operations through its bindings. It has two more calls: `GET
 * /bench/operations` returns the counts, and `POST /bench/clock?ahead=` sets its clock ahead, in milliseconds.
 */
export function countedWorker<Env, Body = unknown>(
  worker: ExportedHandler<Env, Body>,
  counters: Counters,
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
      if (pathname === '/bench/operations') return Response.json(counters.counts);
      if (pathname === '/bench/clock') {
        setAhead(Number(searchParams.get('ahead')));
        return Response.json({});
      }
      counters.add('workerRequests');
      return worker.fetch?.(request, counted(env), ctx) ?? new Response(null, { status: 404 });
    },
    async queue(batch, env, ctx) {
      counters.add('workerRequests');
      await worker.queue?.(batch, counted(env), ctx);
      countDelivery(batch, counters);
    },
    async scheduled(controller, env, ctx) {
      counters.add('workerRequests');
      await worker.scheduled?.(controller, counted(env), ctx);
    },
  };
}
