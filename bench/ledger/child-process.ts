import type { ChildMessage, ChildOrder, ChildResults } from './child.ts';
import { measureCore } from './core.ts';
import { measureCalls } from './stages.ts';
import { measureStorage } from './storage.ts';

process.once('message', (order: ChildOrder) => {
  const message: ChildMessage = { kind: 'result', result: measure(order) };
  process.send?.(message, () => process.disconnect());
});

function measure(order: ChildOrder): Partial<ChildResults> {
  switch (order.kind) {
    case 'calls':
      return { calls: measureCalls(order.folder, order.size, step) };
    case 'core':
      return { core: Array.from({ length: order.rounds }, measureCore) };
    case 'storage':
      return { storage: measureStorage(order.folder, order.tasks) };
  }
}

function step(text: string): void {
  const message: ChildMessage = { kind: 'step', step: text };
  process.send?.(message);
}
