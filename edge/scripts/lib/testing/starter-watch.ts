/** Prints its process id, then what ended that had started it, and ends. */
import { onStarterEnd } from '../starter.ts';

const life = setInterval(() => {}, 1000);
onStarterEnd((starter) => {
  console.log(`ended: ${starter}`);
  clearInterval(life);
});
console.log(`pid: ${process.pid}`);
