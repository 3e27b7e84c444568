/** Prints its process id. When its starter ends, prints the kind of the starter and ends. */
import { onStarterEnd } from '../starter.ts';

const life = setInterval(() => {}, 1000);
onStarterEnd((starter) => {
  console.log(`ended: ${starter}`);
  clearInterval(life);
});
console.log(`pid: ${process.pid}`);
