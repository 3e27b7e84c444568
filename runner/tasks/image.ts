import sharp from 'sharp';
import { z } from 'zod';
import { defineTask, NonRetryableError } from '../task.ts';
import { existingDataFile, writeDataFile } from './lib/data-file.ts';

// Threads and memory are the pool's to share out.
sharp.concurrency(1);
sharp.cache(false);

const MAX_PIXELS = 64_000_000;
/** A result is 256 KB at most, as JSON. */
const MAX_BASE64 = 250_000;

const WRITABLE = ['jpeg', 'png', 'webp', 'avif'] as const;
const READABLE = [...WRITABLE, 'gif', 'tiff'];

const side = z.int().min(1).max(16_000);
const resizing = z
  .strictObject({
    width: side.optional(),
    height: side.optional(),
    fit: z.enum(['cover', 'contain', 'fill', 'inside', 'outside']).default('cover'),
  })
  .refine(({ width, height }) => width !== undefined || height !== undefined, 'Give a width or a height');

/** Resizes, turns and converts an image, the shown side up whatever its EXIF orientation. */
export default defineTask({
  type: 'image',
  lane: 'cpu',
  timeoutSeconds: 120,
  payload: z.strictObject({
    source: z.union([
      z.strictObject({ base64: z.base64().min(1) }),
      z.strictObject({ file: z.string().min(1) }),
    ]),
    /** Done after the rotation. */
    resize: resizing.optional(),
    /** Degrees clockwise. */
    rotate: z.number().min(-360).max(360).optional(),
    /** By default the source's, or png where that cannot be written. */
    format: z.enum(WRITABLE).optional(),
    quality: z.int().min(1).max(100).optional(),
    /** Where to write the image, relative to the data folder; without it the result carries it in base64. */
    output: z.strictObject({ file: z.string().min(1) }).optional(),
  }),

  async run({ source, resize, rotate, format, quality, output }, { dataDir, signal }) {
    const input =
      'file' in source
        ? await existingDataFile(dataDir, source.file, 'Put the image there, or give it as `source.base64`.')
        : Buffer.from(source.base64, 'base64');
    const image = sharp(input, { limitInputPixels: MAX_PIXELS }).autoOrient();
    const original = await decodable(image.metadata());
    const sourceFormat = original.format === 'heif' ? 'avif' : original.format;
    if (!READABLE.includes(sourceFormat)) {
      throw new NonRetryableError(`The image is ${sourceFormat}; it must be one of ${READABLE.join(', ')}.`);
    }
    const turned = turn(original.autoOrient, rotate);
    if (resize && pixelsAfter(turned, resize) > MAX_PIXELS) {
      throw new NonRetryableError(
        `The resized image would have more than ${MAX_PIXELS} pixels; ask for a smaller one.`,
      );
    }

    const target = format ?? WRITABLE.find((name) => name === sourceFormat) ?? 'png';
    image.rotate(rotate, { background: '#00000000' });
    if (resize) image.resize({ ...resize, background: '#00000000' });
    if (target === 'jpeg') image.flatten({ background: '#ffffff' });
    image.toFormat(target, { quality });
    signal.throwIfAborted();
    const { data, info } = await decodable(image.toBuffer({ resolveWithObject: true }));

    const result = { format: target, width: info.width, height: info.height, bytes: data.length };
    if (output) {
      signal.throwIfAborted();
      await writeDataFile(dataDir, output.file, data);
      return { ...result, file: output.file };
    }
    const base64 = data.toString('base64');
    if (base64.length > MAX_BASE64) {
      throw new NonRetryableError(
        `The image has ${data.length} bytes, too many for a result; give \`output.file\` to write it to the data folder.`,
      );
    }
    return { ...result, base64 };
  },
});

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The box around an image turned by an angle. */
function turn({ width, height }: Size, degrees = 0): Size {
  const sine = Math.abs(Math.sin((degrees * Math.PI) / 180));
  const cosine = Math.abs(Math.cos((degrees * Math.PI) / 180));
  return { width: width * cosine + height * sine, height: width * sine + height * cosine };
}

/** How many pixels the resized image has at most. */
function pixelsAfter(size: Size, { width, height, fit }: z.output<typeof resizing>): number {
  if (width !== undefined && height !== undefined && fit !== 'outside') return width * height;
  const scale = Math.max((width ?? 0) / size.width, (height ?? 0) / size.height);
  return size.width * size.height * scale ** 2;
}

/** The image is the same at every attempt, so what cannot be made of it now never can. */
async function decodable<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NonRetryableError(`The image cannot be processed: ${reason}.`, { cause: error });
  }
}
