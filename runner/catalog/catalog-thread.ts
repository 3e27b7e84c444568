import { parentPort, workerData } from 'node:worker_threads';
import { JobChildren } from '../threads/children/job-children.ts';
import { refuseOtherThreads } from '../threads/ports/public-ports.ts';
import { forgetNodeFlags } from '../threads/thread-env.ts';
import type { CatalogAnswer } from './catalog.ts';
import { loadDefinition, TaskSettings } from './definition.ts';

forgetNodeFlags();
refuseOtherThreads();

const children = new JobChildren({ currentJob: () => undefined, isRunning: () => true });

const modules: { file: string; module: string }[] = workerData;
const answer: CatalogAnswer = { entries: [], problems: [] };
for (const { file, module } of modules) {
  // The file is named before the import, because the file may end this thread.
  parentPort?.postMessage({ loading: file });
  try {
    answer.entries.push({ ...TaskSettings.parse(await loadDefinition(module, file)), file, module });
  } catch (error) {
    answer.problems.push(error instanceof Error ? error.message : String(error));
  }
}
// A helper process that a file starts when it loads would outlive this thread.
await children.endAll();
parentPort?.postMessage(answer);
