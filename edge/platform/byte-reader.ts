/** The most that one piece has, where the stream fills a buffer of ours; its own pieces are of 4 KB. */
const PIECE_BYTES = 64 * 1024;

export interface ByteReader {
  /** The next piece; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Ends the stream: nothing more of it is fetched. */
  cancel(): Promise<void>;
}

/** Reads a stream of bytes in large pieces, where it can: that takes a fraction of the time. */
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

/** A reader that fills a buffer of the caller's; undefined if the stream only has pieces of its own. */
function fillingReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
