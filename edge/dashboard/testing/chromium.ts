import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's: the shell has no window, and needs half the CPU of the whole browser. */
const SHELL = '/usr/bin/chromium-headless-shell';
const PATH = process.env.CHROMIUM_PATH ?? [SHELL, '/usr/bin/chromium'].find(existsSync) ?? SHELL;

/** Why no browser can be started here; undefined where one can. In CI it has to be there. */
export const missingChromium =
  existsSync(PATH) || process.env.CI
    ? undefined
    : `There is no ${PATH}: apt-get install chromium-headless-shell, or set CHROMIUM_PATH`;

/** Starts Chromium, without a window and without any request of its own. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Pages of one person share a process: a new one costs more than the page.
      '--process-per-site',
    ],
  });
}
