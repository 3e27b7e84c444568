import { after, before, describe } from 'node:test';
import { connectionTests } from './browser/connection.ts';
import { Stage } from './browser/harness.ts';
import { journeyTests } from './browser/journey.ts';
import { keyboardTests } from './browser/keyboard.ts';
import { overviewTests } from './browser/overview.ts';
import { scheduleTests } from './browser/schedules.ts';
import { signInTests } from './browser/sign-in.ts';
import { emptyTests, stateTests } from './browser/states.ts';
import { submitTests } from './browser/submit.ts';
import { taskTests } from './browser/task.ts';
import { taskListTests } from './browser/tasks.ts';
import { missingChromium } from './testing/chromium.ts';

/** Tests of the dashboard in a browser, on the real edge. */
describe('the dashboard in a browser', { skip: missingChromium ?? false }, () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage.close());
  const current = () => stage;

  // The first tests need an empty queue. The last ones restart the edge.
  emptyTests(current);
  journeyTests(current);
  overviewTests(current);
  taskListTests(current);
  taskTests(current);
  scheduleTests(current);
  submitTests(current);
  keyboardTests(current);
  stateTests(current);
  connectionTests(current);
  signInTests(current);
});
