import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's package. The shell has no window and needs half the CPU time of the whole browser. */
const SHELL = '/usr/bin/chromium-headless-shell';
const PATH = process.env.CHROMIUM_PATH ?? [SHELL, '/usr/bin/chromium'].find(existsSync) ?? SHELL;

/** The reason why no browser can start here; undefined if one can. In CI there must be one. */
export const missingChromium =
  existsSync(PATH) || process.env.CI
    ? undefined
    : `There is no ${PATH}: apt-get install chromium-headless-shell, or set CHROMIUM_PATH`;

/** Starts Chromium without a window. It makes no requests except those of the pages. */
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
      // The pages of one person share a process, because starting a process costs more than a page.
      '--process-per-site',
    ],
  });
}
