import { NonRetryableError } from '../../task.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The requested size. A missing side is computed from the other side. */
export interface Resize {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly fit: 'cover' | 'contain' | 'fill' | 'inside' | 'outside';
}

/** Returns the size of the box around an image that is rotated by an angle. */
export function turnedSize({ width, height }: Size, degrees: number): Size {
  const sine = Math.abs(Math.sin((degrees * Math.PI) / 180));
  const cosine = Math.abs(Math.cos((degrees * Math.PI) / 180));
  return whole(width * cosine + height * sine, width * sine + height * cosine);
}

/** Returns the size of an image after a resize. */
export function resizedSize(size: Size, { width, height, fit }: Resize): Size {
  const scales = [width && width / size.width, height && height / size.height].filter(
    (scale) => scale !== undefined,
  );
  if (fit === 'fill' || (fit !== 'inside' && fit !== 'outside' && scales.length === 2)) {
    return { width: width ?? size.width, height: height ?? size.height };
  }
  const scale = fit === 'outside' ? Math.max(...scales) : Math.min(...scales);
  return whole(size.width * scale, size.height * scale);
}

/**
 * Refuses an image with too many pixels.
 *
 * @param what - the beginning of the sentence, up to its verb, such as `The image has`.
 * @param advice - the end of the sentence, which explains what to do.
 * @throws NonRetryableError with a sentence that contains both numbers.
 */
export function requirePixels(what: string, { width, height }: Size, max: number, advice: string): void {
  const pixels = width * height;
  if (pixels <= max) return;
  throw new NonRetryableError(
    `${what} ${width} × ${height} = ${number(pixels)} pixels, and ${number(max)} are allowed: ${advice}.`,
  );
}

function whole(width: number, height: number): Size {
  return { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) };
}

function number(value: number): string {
  return value.toLocaleString('en');
}
