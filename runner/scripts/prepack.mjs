/**
 * Stops `npm pack` if the package in this folder is not built: npm would pack an empty package without a word.
 * JavaScript, because before `npm ci` there may be only a Node that runs no TypeScript.
 */
import { existsSync, readFileSync } from 'node:fs';

const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const files = Object.values(exports).flatMap((entry) =>
  typeof entry === 'string' ? [entry] : Object.values(entry),
);
const missing = files.find((file) => !existsSync(file));
if (missing !== undefined) {
  console.error(
    `${name} is not built (there is no ${missing}): run \`npm ci\` in the folder of the whole project first, without --omit=dev`,
  );
  process.exitCode = 1;
}
