import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { LaneOptions } from '../../execution/lane.ts';
import type { HeldTask } from '../../held-task.ts';
import { fixtureEntry, heldTask } from '../held-tasks.ts';
import { taskFolder, taskSource } from '../task-files.ts';
import { openLane } from './open-lane.ts';

/**
 * A lane with one task type. Each task runs the action that its payload names.
 *
 * @param source JavaScript that declares `actions` by name. Each action gets its payload and its context.
 */
export async function openActions(t: TestContext, source: string, options: Partial<LaneOptions> = {}) {
  const act = 'payload: z.any(), run: (payload, context) => actions[payload.do](payload, context),';
  const folder = await taskFolder(t, { 'actor.mjs': `${source}\n${taskSource('actor', act)}` });
  const file = join(folder, 'actor.mjs');
  const entry = { ...fixtureEntry('cpu'), type: 'actor', file, module: pathToFileURL(file).href };
  const opened = await openLane(t, { types: [entry], threads: 1, ...options });
  /** Starts a task that runs this action. */
  const start = (action: string, payload: object = {}): HeldTask => {
    const held = heldTask({ do: 'return' }, { maxAttempts: 1 });
    const task = { ...held.task, payloadText: JSON.stringify({ ...payload, do: action }) };
    const given = { ...held, entry, task };
    opened.lane.accept([given]);
    return given;
  };
  return { ...opened, start };
}
