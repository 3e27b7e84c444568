#!/usr/bin/env node
/**
 * The package's command. The Node in the path starts it. If that Node is too old for the package, the command
 * starts the Node that was installed with the package.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { onStarterEnd } from '../edge/scripts/lib/starter.ts';

const NEEDED = 24;
const cli = join(import.meta.dirname, `cli${extname(import.meta.filename)}`);

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  await import(cli);
} else {
  const own = dirname(createRequire(import.meta.url).resolve('node/package.json'));
  const child = spawn(join(own, 'bin', 'node'), [cli, ...process.argv.slice(2)], {
    // The IPC channel shows the child when this process was killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // Ctrl+C reaches both processes. A signal to this process only must be passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  onStarterEnd(() => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
}
