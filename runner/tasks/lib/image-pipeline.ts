import sharp, { type Sharp } from 'sharp';
import { NonRetryableError } from '../../task.ts';
import { type Resize, requirePixels, resizedSize, type Size, turnedSize } from './image-size.ts';

// The runner's pool manages threads and memory, so sharp uses one thread and no cache.
sharp.concurrency(1);
sharp.cache(false);

/** The maximum for the source image and for the image at each step. */
export const MAX_PIXELS = 64_000_000;
/**
 * The maximum for encoders that ignore the time limit: AVIF, and PNG with a palette. At these efforts, each
 * takes up to two seconds of CPU for a million pixels of noise, so at most half a minute.
 */
export const MAX_SLOW_PIXELS = 16_000_000;
const AVIF_EFFORT = 2;
const PALETTE_EFFORT = 4;

export const WRITABLE = ['jpeg', 'png', 'webp', 'avif'] as const;
export type Format = (typeof WRITABLE)[number];
const READABLE = [...WRITABLE, 'gif', 'tiff'];

const CLEAR = '#00000000';

/** The source of an image. `name` is the name of the file in errors. */
export type ImageSource = { readonly content: Buffer } | { readonly file: string; readonly name: string };

/** The requested changes to an image. */
export interface ImageOrder {
  readonly rotate?: number | undefined;
  /** Applied after the rotation. */
  readonly resize?: Resize | undefined;
  /** The default is the source's format, or png if that format cannot be written. */
  readonly format?: Format | undefined;
  readonly quality?: number | undefined;
}

export interface MadeImage extends Size {
  readonly format: Format;
  readonly data: Buffer;
}

/**
 * Turns an image upright by its EXIF orientation, then rotates, resizes and encodes it.
 *
 * @param seconds - the time limit, at least 1. The encoders of {@link MAX_SLOW_PIXELS} may take longer.
 * @throws NonRetryableError if the image cannot be read or has too many pixels at any step.
 * @throws {Error} if the time limit is over.
 */
export async function makeImage(
  source: ImageSource,
  { rotate = 0, resize, format, quality }: ImageOrder,
  seconds: number,
): Promise<MadeImage> {
  const input = 'file' in source ? source.file : source.content;
  const processed = <Value>(work: Promise<Value>) =>
    work.catch((error) => Promise.reject(failureOf(error, source, seconds)));
  // This reads only the header. An image that is too large is refused by the size in its header.
  const original = await processed(sharp(input, { limitInputPixels: false }).metadata());
  const sourceFormat = original.format === 'heif' ? 'avif' : original.format;
  if (!READABLE.includes(sourceFormat)) {
    throw new NonRetryableError(`The image is ${sourceFormat}; it must be one of ${READABLE.join(', ')}.`);
  }
  const target = format ?? WRITABLE.find((name) => name === sourceFormat) ?? 'png';
  refuseTooLarge(original.autoOrient, { rotate, resize, format: target, quality });

  const image = sharp(input, { limitInputPixels: MAX_PIXELS }).timeout({ seconds }).autoOrient();
  image.rotate(rotate, { background: CLEAR });
  if (resize) image.resize({ ...resize, background: CLEAR });
  if (target === 'jpeg') image.flatten({ background: '#ffffff' });
  const encoder = encode(image, target, quality);
  const { data, info } = await processed(encoder.toBuffer({ resolveWithObject: true }));
  return { format: target, width: info.width, height: info.height, data };
}

function refuseTooLarge(original: Size, { rotate = 0, resize, format, quality }: ImageOrder): void {
  requirePixels('The image has', original, MAX_PIXELS, 'use a smaller one');
  const turned = turnedSize(original, rotate);
  requirePixels('Rotated, the image would have', turned, MAX_PIXELS, 'use a smaller one');
  const size = resize ? resizedSize(turned, resize) : turned;
  requirePixels('Resized, the image would have', size, MAX_PIXELS, 'request a smaller size');
  if (format === 'avif') {
    const advice = 'set a smaller `resize` or another `format`';
    requirePixels('As avif, the image would have', size, MAX_SLOW_PIXELS, advice);
  }
  if (format === 'png' && quality !== undefined) {
    const advice = 'set a smaller `resize` or leave out `quality`';
    requirePixels('As png with a `quality`, the image would have', size, MAX_SLOW_PIXELS, advice);
  }
}

function encode(image: Sharp, format: Format, quality: number | undefined): Sharp {
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality });
    case 'webp':
      return image.webp({ quality });
    case 'avif':
      return image.avif({ quality, effort: AVIF_EFFORT });
    case 'png':
      // Each of sharp's palette options enables a palette.
      return quality === undefined ? image.png() : image.png({ quality, effort: PALETTE_EFFORT });
  }
}

/** The image is the same at every attempt, so errors are permanent. Only a timeout is retried. */
function failureOf(error: unknown, source: ImageSource, seconds: number): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (reason.startsWith('timeout: ')) {
    return new Error(`The image took longer than ${seconds} s: request a smaller size or a lower quality.`);
  }
  // A decoder may name the file by its path on this machine.
  const named = 'file' in source ? reason.replaceAll(source.file, source.name) : reason;
  return new NonRetryableError(`The image cannot be processed: ${named.replaceAll(/\s*\n\s*/g, '; ')}.`, {
    cause: error,
  });
}
