import { z } from 'zod';
import { defineTask, NonRetryableError } from '../task.ts';
import { existingDataFile, writeDataFile } from './lib/data-file.ts';
import { type ImageSource, makeImage, WRITABLE } from './lib/image-pipeline.ts';

const TIMEOUT_SECONDS = 120;
/** A result may have at most 256 KB as JSON. */
const MAX_BASE64 = 250_000;

const origin = z.union([
  z.strictObject({ base64: z.base64().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);

const side = z.int().min(1).max(16_000);
const resizing = z
  .strictObject({
    width: side.optional(),
    height: side.optional(),
    fit: z.enum(['cover', 'contain', 'fill', 'inside', 'outside']).default('cover'),
  })
  .refine(
    ({ width, height }) => width !== undefined || height !== undefined,
    'Set `width`, `height` or both',
  );

/** Turns an image upright by its EXIF orientation, then rotates, resizes and converts it. */
export default defineTask({
  type: 'image',
  lane: 'cpu',
  timeoutSeconds: TIMEOUT_SECONDS,
  payload: z.strictObject({
    source: origin,
    /** Applied after the rotation. */
    resize: resizing.optional(),
    /** Degrees clockwise. */
    rotate: z.number().min(-360).max(360).optional(),
    /** The default is the source's format, or png if that format cannot be written. */
    format: z.enum(WRITABLE).optional(),
    /** The default is the format's own quality. A png with a quality has a palette of 256 colours. */
    quality: z.int().min(1).max(100).optional(),
    /**
     * The file to write, relative to the data folder. Without it, the result contains the image in base64. An
     * existing file is replaced only with `overwrite`. An attempt that finds the same image there succeeds.
     */
    output: z.strictObject({ file: z.string().min(1), overwrite: z.boolean().default(false) }).optional(),
  }),

  async run({ source, output, ...order }, { dataDir, signal, timeoutSeconds = TIMEOUT_SECONDS }) {
    const startedAt = performance.now();
    const input = await sourceOf(source, dataDir);
    signal.throwIfAborted();
    const left = timeoutSeconds - (performance.now() - startedAt) / 1000;
    const { data, ...made } = await makeImage(input, order, Math.max(1, Math.floor(left)));

    const result = { ...made, bytes: data.length };
    if (output) {
      signal.throwIfAborted();
      await writeDataFile(dataDir, output.file, data, output);
      return { ...result, file: output.file };
    }
    const base64 = data.toString('base64');
    if (base64.length > MAX_BASE64) {
      throw new NonRetryableError(
        `The image has ${data.length} bytes, too many for a result; set \`output.file\` to write it to the data folder.`,
      );
    }
    return { ...result, base64 };
  },
});

async function sourceOf(source: z.output<typeof origin>, dataDir: string): Promise<ImageSource> {
  if ('base64' in source) return { content: Buffer.from(source.base64, 'base64') };
  const hint = 'Put the image there, or send it as `source.base64`.';
  return { file: await existingDataFile(dataDir, source.file, hint), name: source.file };
}
