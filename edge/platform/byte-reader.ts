/** The maximum size of a piece that the stream writes to our buffer. The stream's own pieces have 4 KB. */
const PIECE_BYTES = 64 * 1024;

export interface ByteReader {
  /** Returns the next piece; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Cancels the stream, so that no more of it is fetched. */
  cancel(): Promise<void>;
}

/** Reads a stream of bytes, in large pieces if the stream supports it, because that is much faster. */
export function byteReader(stream: ReadableStream<Uint8Array>, pieceBytes = PIECE_BYTES): ByteReader {
  const filling = fillingReader(stream);
  if (filling) return pieces(filling, () => filling.read(new Uint8Array(pieceBytes)));
  const reader = stream.getReader();
  return pieces(reader, () => reader.read());
}

function pieces(
  reader: { cancel(): Promise<void> },
  next: () => Promise<ReadableStreamReadResult<Uint8Array>>,
): ByteReader {
  return {
    read: async () => {
      const { done, value } = await next();
      return done ? null : value;
    },
    cancel: () => reader.cancel().catch(() => {}),
  };
}

/** A reader that fills a buffer of the caller; undefined if the stream does not support that. */
function fillingReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
