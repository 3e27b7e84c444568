import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { z } from 'zod';
import image from './image.ts';
import { resultOf, temporaryFolder } from './testing/context.ts';

/** An image whose left half is red and whose right half is blue. */
function redAndBlue(width: number, height: number) {
  const blue = { create: { width: width / 2, height, channels: 3, background: '#0000ff' } } as const;
  return sharp({ create: { width, height, channels: 3, background: '#ff0000' } }).composite([
    { input: blue, left: width / 2, top: 0 },
  ]);
}

const picture = { base64: (await redAndBlue(80, 40).png().toBuffer()).toString('base64') };

/** A PNG with a false size in its header. This is enough to test images that the header alone rules out. */
async function sourceOfSize(width: number, height: number) {
  const png = await redAndBlue(2, 2).png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return { base64: png.toString('base64') };
}

async function inline(payload: object) {
  const result = await resultOf(image, { source: picture, ...payload });
  return z
    .object({
      format: z.string(),
      width: z.number(),
      height: z.number(),
      bytes: z.number(),
      base64: z.base64().transform((text) => Buffer.from(text, 'base64')),
    })
    .parse(result);
}

async function topLeft(encoded: Buffer): Promise<number[]> {
  const pixel = sharp(encoded).removeAlpha().extract({ left: 0, top: 0, width: 1, height: 1 });
  return [...(await pixel.raw().toBuffer())];
}

function refused(message: RegExp) {
  return { name: 'NonRetryableError', message };
}

test('an image keeps its format if the payload contains none', async () => {
  const { base64, ...result } = await inline({});
  assert.deepEqual(result, { format: 'png', width: 80, height: 40, bytes: base64.length });
  assert.deepEqual(await topLeft(base64), [255, 0, 0]);
});

for (const format of ['jpeg', 'png', 'webp', 'avif']) {
  test(`an image is converted to ${format}, and the result can be read again`, async () => {
    const first = await inline({ format, quality: 60 });
    assert.equal(first.format, format);
    const second = await inline({ source: { base64: first.base64.toString('base64') } });
    assert.equal(second.format, format);
  });
}

test('an image in a format that cannot be written becomes png', async () => {
  const gif = await redAndBlue(10, 10).gif().toBuffer();
  assert.equal((await inline({ source: { base64: gif.toString('base64') } })).format, 'png');
});

test('a resized image keeps its aspect ratio if the payload contains one side', async () => {
  const { width, height } = await inline({ resize: { width: 20 } });
  assert.deepEqual([width, height], [20, 10]);
});

test('a resize uses the `fit` from the payload', async () => {
  const { width, height } = await inline({ resize: { width: 20, height: 20, fit: 'inside' } });
  assert.deepEqual([width, height], [20, 10]);
});

test('an image is turned clockwise before it is resized', async () => {
  const { width, height, base64 } = await inline({ rotate: 90, resize: { width: 20 } });
  assert.deepEqual([width, height], [20, 40]);
  assert.deepEqual(await topLeft(base64), [255, 0, 0]);
  assert.deepEqual(await topLeft((await inline({ rotate: 270 })).base64), [0, 0, 255]);
});

test('an image is turned upright as its EXIF orientation requires', async () => {
  const sideways = await redAndBlue(80, 40).withMetadata({ orientation: 8 }).jpeg().toBuffer();
  const { width, height } = await inline({ source: { base64: sideways.toString('base64') } });
  assert.deepEqual([width, height], [40, 80]);
  const turned = await inline({ source: { base64: sideways.toString('base64') }, rotate: 90 });
  assert.deepEqual([turned.width, turned.height], [80, 40]);
});

test('transparent pixels become white in a jpeg', async () => {
  const clear = sharp({ create: { width: 8, height: 8, channels: 4, background: '#00000000' } });
  const base64 = (await clear.png().toBuffer()).toString('base64');
  assert.deepEqual(
    await topLeft((await inline({ source: { base64 }, format: 'jpeg' })).base64),
    [255, 255, 255],
  );
});

test('a task reads and writes files in the data folder', async (t) => {
  const dataDir = await temporaryFolder(t);
  await redAndBlue(80, 40).toFile(join(dataDir, 'in.png'));
  const payload = { source: { file: 'in.png' }, format: 'webp', output: { file: 'made/out.webp' } };
  const result = await resultOf(image, payload, { dataDir });
  const written = await readFile(join(dataDir, 'made', 'out.webp'));
  assert.deepEqual(result, {
    format: 'webp',
    width: 80,
    height: 40,
    bytes: written.length,
    file: 'made/out.webp',
  });
  assert.equal((await sharp(written).metadata()).format, 'webp');
});

test('an existing file is replaced only if the payload contains `overwrite`', async (t) => {
  const dataDir = await temporaryFolder(t);
  await writeFile(join(dataDir, 'out.png'), 'mine');
  const write = (output: object) => resultOf(image, { source: picture, output }, { dataDir });
  await assert.rejects(
    write({ file: 'out.png' }),
    refused(/^`out\.png` already exists in the data folder; .* set `overwrite: true` to replace it\.$/),
  );
  assert.equal(await readFile(join(dataDir, 'out.png'), 'utf8'), 'mine');
  await write({ file: 'out.png', overwrite: true });
  assert.equal((await sharp(join(dataDir, 'out.png')).metadata()).format, 'png');
});

test('an attempt that runs again after its file was written succeeds with the same result', async (t) => {
  const dataDir = await temporaryFolder(t);
  const payload = { source: picture, format: 'avif', output: { file: 'out.avif' } };
  const first = await resultOf(image, payload, { dataDir, attempt: 1 });
  assert.deepEqual(await resultOf(image, payload, { dataDir, attempt: 2 }), first);
  assert.deepEqual(await readdir(dataDir), ['out.avif']);
});

test('a file outside the data folder is neither read nor written', async (t) => {
  const dataDir = await temporaryFolder(t);
  const outside = refused(/leads outside the data folder/);
  await assert.rejects(resultOf(image, { source: { file: '../in.png' } }, { dataDir }), outside);
  await assert.rejects(
    resultOf(image, { source: picture, output: { file: '/out.png' } }, { dataDir }),
    outside,
  );
});

test('the error for an image that is too large for a result recommends an output file', async () => {
  const raw = { width: 400, height: 400, channels: 3 } as const;
  const noise = await sharp(randomBytes(400 * 400 * 3), { raw })
    .webp({ quality: 50 })
    .toBuffer();
  const payload = { source: { base64: noise.toString('base64') }, format: 'png' };
  await assert.rejects(resultOf(image, payload), refused(/too many for a result; set `output\.file`/));
});

test('a source that is not an image is refused permanently', async () => {
  const base64 = Buffer.from('not an image').toString('base64');
  await assert.rejects(resultOf(image, { source: { base64 } }), refused(/^The image cannot be processed: /));
});

test('an image that is cut short is refused permanently', async (t) => {
  const dataDir = await temporaryFolder(t);
  const whole = await redAndBlue(800, 400).jpeg().toBuffer();
  await writeFile(join(dataDir, 'cut.jpg'), whole.subarray(0, whole.length / 2));
  await assert.rejects(
    resultOf(image, { source: { file: 'cut.jpg' } }, { dataDir }),
    refused(/^The image cannot be processed: /),
  );
});

test('the error for a damaged file contains its name in the payload, not its path on this machine', async (t) => {
  const dataDir = await temporaryFolder(t);
  const whole = await redAndBlue(80, 40).avif().toBuffer();
  await writeFile(join(dataDir, 'cut.avif'), whole.subarray(0, whole.length / 2));
  await assert.rejects(resultOf(image, { source: { file: 'cut.avif' } }, { dataDir }), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /^The image cannot be processed: .*: cut\.avif: /);
    assert.ok(!error.message.includes(dataDir), error.message);
    return true;
  });
});

test('an SVG drawing is refused', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
  await assert.rejects(
    resultOf(image, { source: { base64: svg.toString('base64') } }),
    refused(/^The image is svg; it must be one of /),
  );
});

test('the error for a source or requested image with too many pixels contains the numbers', async () => {
  await assert.rejects(
    resultOf(image, { source: await sourceOfSize(8001, 8001) }),
    refused(/^The image has 8001 × 8001 = 64,016,001 pixels, and 64,000,000 are allowed: /),
  );
  for (const resize of [
    { width: 12_000 },
    { width: 9000, height: 9000 },
    { width: 7900, height: 7900, fit: 'outside' },
  ]) {
    await assert.rejects(
      resultOf(image, { source: picture, resize }),
      refused(/^Resized, the image would have .* pixels, and 64,000,000 are allowed: /),
    );
  }
});

test('an image that becomes too large by its rotation is refused', async () => {
  await assert.rejects(
    resultOf(image, { source: await sourceOfSize(16_000, 3900), rotate: 17.3 }),
    refused(/^Rotated, the image would have 16436 × 8482 = 139,410,152 pixels, and 64,000,000 are allowed: /),
  );
});

test('processing ends with an error when the timeout of the attempt is over', async () => {
  const noise = sharp(randomBytes(200 * 200 * 3), { raw: { width: 200, height: 200, channels: 3 } });
  const source = { base64: (await noise.png().toBuffer()).toString('base64') };
  const resize = { width: 7900, height: 7900, fit: 'fill' };
  const payload = { source, resize, format: 'webp', quality: 100 };
  await assert.rejects(resultOf(image, payload, { timeoutSeconds: 1 }), {
    name: 'Error',
    message: /^The image took longer than 1 s: /,
  });
});

for (const [what, order] of [
  ['avif', { format: 'avif' }],
  ['png with a `quality`', { quality: 90 }],
] as const) {
  test(`an image that is too large for an encoder without a time limit is refused: ${what}`, async () => {
    await assert.rejects(
      resultOf(image, { source: picture, ...order, resize: { width: 5000, height: 4000 } }),
      refused(
        new RegExp(`^As ${what}, the image would have 5000 × 4000 = 20,000,000 pixels, and 16,000,000 are`),
      ),
    );
  });
}

test('a payload without a source, without a side or with an unknown format is refused', () => {
  for (const payload of [{}, { source: picture, resize: {} }, { source: picture, format: 'bmp' }]) {
    assert.ok(!image.payload.safeParse(payload).success);
  }
});
