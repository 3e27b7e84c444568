import { parentPort, workerData } from 'node:worker_threads';
import type { CatalogAnswer } from './catalog.ts';
import { loadDefinition, TaskSettings } from './definition.ts';
import { forgetNodeFlags } from './thread-env.ts';

forgetNodeFlags();

const modules: { file: string; module: string }[] = workerData;
const answer: CatalogAnswer = { entries: [], problems: [] };
for (const { file, module } of modules) {
  // Named first: the file may end this thread.
  parentPort?.postMessage({ loading: file });
  try {
    answer.entries.push({ ...TaskSettings.parse(await loadDefinition(module, file)), file, module });
  } catch (error) {
    answer.problems.push(error instanceof Error ? error.message : String(error));
  }
}
parentPort?.postMessage(answer);
