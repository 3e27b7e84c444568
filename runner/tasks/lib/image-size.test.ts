import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { requirePixels, resizedSize, type Size, turnedSize } from './image-size.ts';

const FITS = ['cover', 'contain', 'fill', 'inside', 'outside'] as const;
const SIDES = [undefined, 13, 40, 97];

test('the computed size after a rotation and a resize equals the size from sharp', async () => {
  const size = { width: 80, height: 30 };
  const picture = await sharp({ create: { ...size, channels: 3, background: '#ff0000' } })
    .png()
    .toBuffer();
  for (const degrees of [0, 17.3, 90, -45, 181]) {
    const turned = turnedSize(size, degrees);
    const { info } = await sharp(picture).rotate(degrees).toBuffer({ resolveWithObject: true });
    assertNear(turned, info, `${degrees}°`);
    for (const fit of FITS) {
      for (const width of SIDES) {
        for (const height of SIDES) {
          if (width === undefined && height === undefined) continue;
          const image = sharp(picture).rotate(degrees).resize({ width, height, fit });
          const { info } = await image.toBuffer({ resolveWithObject: true });
          assertNear(
            resizedSize(turned, { width, height, fit }),
            info,
            `${degrees}° ${fit} ${width} ${height}`,
          );
        }
      }
    }
  }
});

test('the error for too many pixels contains both numbers', () => {
  const size = { width: 9000, height: 8000 };
  requirePixels('The image has', size, 72_000_000, 'use a smaller one');
  assert.throws(() => requirePixels('The image has', size, 64_000_000, 'use a smaller one'), {
    name: 'NonRetryableError',
    message: 'The image has 9000 × 8000 = 72,000,000 pixels, and 64,000,000 are allowed: use a smaller one.',
  });
});

/** Sides may differ by one pixel because of rounding. */
function assertNear(ours: Size, sharps: Size, what: string): void {
  const near = Math.abs(ours.width - sharps.width) <= 1 && Math.abs(ours.height - sharps.height) <= 1;
  assert.ok(near, `${what}: ${ours.width}×${ours.height}, not ${sharps.width}×${sharps.height}`);
}
