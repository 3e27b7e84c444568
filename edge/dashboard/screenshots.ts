/** Takes a picture of every view of the dashboard, over a queue with an hour of work, into `screenshots/`. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { onStarterEnd } from '../scripts/lib/starter.ts';
import { startScene } from './fixtures/start-scene.ts';
import { startChromium } from './testing/chromium.ts';

const FOLDER = join(import.meta.dirname, 'screenshots');
const SIZES = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ['light', 'dark'] as const;

onStarterEnd(() => process.exit(1));

/** A picture: the address of the page, and what to do before it is taken. */
interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly prepare?: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  { name: 'overview', hash: '#/' },
  { name: 'tasks', hash: '#/tasks' },
  { name: 'types', hash: '#/types' },
  { name: 'runners', hash: '#/runners' },
  {
    name: 'task',
    hash: '#/tasks?status=failed',
    prepare: openFirstTask,
  },
  {
    name: 'running-task',
    hash: '#/tasks?status=processing&type=report:nightly',
    prepare: openFirstTask,
  },
  {
    name: 'new-task',
    hash: '#/tasks',
    async prepare(page) {
      await page.getByRole('button', { name: 'New task' }).click();
      await page.getByLabel('Type').last().fill('email');
      await page
        .getByLabel('Payload, as JSON')
        .fill('{\n  "to": "user@example.com",\n  "subject": "Welcome"\n  "template": "welcome"\n}');
      await page.getByRole('button', { name: 'Submit', exact: true }).click();
      await page.getByText('Line 4, column 3').first().waitFor();
    },
  },
];

const stateDir = await mkdtemp(join(tmpdir(), 'task-queue-scene-'));
const edge = await startScene(stateDir);
const browser = await startChromium();
try {
  await mkdir(FOLDER, { recursive: true });
  for (const size of ['desktop', 'phone'] as const) {
    for (const theme of THEMES) await draw(browser, edge.apiUrl, size, theme);
  }
} finally {
  await browser.close();
  await edge.stop();
  await rm(stateDir, { recursive: true, force: true });
}

async function draw(
  from: Browser,
  url: string,
  size: keyof typeof SIZES,
  theme: (typeof THEMES)[number],
): Promise<void> {
  const context = await from.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    reducedMotion: 'reduce',
    ...(size === 'phone' && { hasTouch: true, isMobile: true }),
  });
  const page = await context.newPage();
  for (const { name, hash, prepare } of PICTURES) {
    await page.goto('about:blank');
    await page.goto(`${url}/${hash}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForLoadState('networkidle');
    await prepare?.(page);
    const picture = sharp(await page.screenshot());
    await picture.png({ palette: true }).toFile(join(FOLDER, `${name}-${size}-${theme}.png`));
  }
  await context.close();
}

async function openFirstTask(page: Page): Promise<void> {
  await page.locator('[data-row]').first().click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
}
