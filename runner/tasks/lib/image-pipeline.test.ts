import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import sharp from 'sharp';
import { makeImage } from './image-pipeline.ts';

test('processing that takes too long ends with a retryable error', async () => {
  const raw = { width: 200, height: 200, channels: 3 } as const;
  const noise = await sharp(randomBytes(200 * 200 * 3), { raw })
    .png()
    .toBuffer();
  const resize = { width: 7900, height: 7900, fit: 'fill' } as const;
  const startedAt = performance.now();
  await assert.rejects(makeImage({ content: noise }, { format: 'webp', quality: 100, resize }, 1), {
    name: 'Error',
    message: 'The image took longer than 1 s: request a smaller size or a lower quality.',
  });
  assert.ok(performance.now() - startedAt < 10_000);
});
