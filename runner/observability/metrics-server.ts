import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Health } from '../../edge/contract/api.ts';
import { ERRORS, type ErrorBody } from '../../edge/contract/errors.ts';
import type { RunnerOptions } from '../options.ts';
import { createMetrics, type MeasuredRunner } from './metrics.ts';
import { type Readiness, ReadinessWatch } from './readiness.ts';

const SERVICE = 'task-runner';

export interface MetricsServerOptions extends Pick<RunnerOptions, 'pollIntervalMs' | 'leaseSeconds'> {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
}

/** The server for a runner's metrics and health. */
export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics`, `GET /ready` and `GET /health` for a runner that has not started yet.
 *
 * @throws {Error} if the port cannot be used, with a sentence that names the setting.
 */
export async function serveMetrics(
  runner: MeasuredRunner,
  options: MetricsServerOptions,
): Promise<MetricsServer> {
  const { host, port, pollIntervalMs, leaseSeconds } = options;
  const watch = new ReadinessWatch(runner.events, {
    pollIntervalMs: pollIntervalMs,
    leaseSeconds,
    lanes: runner.lanes,
    // Unix time that advances evenly, even if the machine's clock is changed.
    now: () => performance.timeOrigin + performance.now(),
  });
  const readiness = () => watch.readiness();
  const registry = createMetrics(runner, readiness);
  const server = createServer(({ method, url = '' }, response) => {
    const [path] = url.split('?');
    const call = `${method} ${path}`;
    serve(call, response, { registry, readiness }).catch((error: unknown) => fail(call, response, error));
  });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    throw new Error(
      `--metrics-port (METRICS_PORT): port ${port} of ${host} cannot be used (${reason}). Set a free port, and an address of this machine as --metrics-host (METRICS_HOST)`,
    );
  }
  // A connection that cannot be accepted, for example with too many open files, affects only its client.
  server.on('error', () => {});
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Shown {
  readonly registry: Registry;
  readonly readiness: () => Readiness;
}

async function serve(call: string, response: ServerResponse, { registry, readiness }: Shown): Promise<void> {
  switch (call) {
    case 'GET /metrics':
      response.setHeader('content-type', registry.contentType).end(await registry.metrics());
      return;
    case 'GET /ready': {
      const now = readiness();
      if (now.status === 'ready') answer(response, 200, now);
      else refuse(response, { code: 'unavailable', error: now.reason, status: now.status });
      return;
    }
    case 'GET /health': {
      const health: Health = { status: 'healthy', timestamp: new Date().toISOString(), service: SERVICE };
      answer(response, 200, health);
      return;
    }
    default:
      refuse(response, { code: 'not_found', error: `Nothing is served at ${call}` });
  }
}

function fail(call: string, response: ServerResponse, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  if (response.headersSent) response.destroy();
  else refuse(response, { code: 'internal', error: `${call} failed: ${reason}. Try again` });
}

function refuse(response: ServerResponse, error: ErrorBody): void {
  answer(response, ERRORS[error.code].status, error);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
