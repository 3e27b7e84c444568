import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

const RESOLUTION_MS = 10;
const NS_PER_SECOND = 1e9;
const QUANTILES = [0.5, 0.9, 0.99, 1];

/**
 * Adds the delay of the main thread's event loop. The monitor's values include its sampling interval, which is not
 * a delay.
 */
export function addEventLoopDelay(registry: Registry): void {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  const gauge = new Gauge({
    name: 'task_runner_event_loop_delay_seconds',
    help: 'Delay since the last scrape of the main thread, which renews leases and starts tasks',
    labelNames: ['quantile'],
    registers: [registry],
    collect: () => {
      for (const quantile of QUANTILES) {
        const seconds = monitor.percentile(quantile * 100) / NS_PER_SECOND - RESOLUTION_MS / 1000;
        gauge.set({ quantile }, Math.max(0, seconds));
      }
      monitor.reset();
    },
  });
}
