/** Starts an idle process and prints its id. Exits half a second after SIGTERM, with the number of SIGTERMs. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const idle = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
let requests = 0;
process.on('SIGTERM', async () => {
  requests += 1;
  await sleep(500);
  process.exit(requests);
});
console.log(`idle: ${idle.pid}`);
