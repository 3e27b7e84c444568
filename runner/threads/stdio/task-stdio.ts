import { syncBuiltinESMExports } from 'node:module';
import { Readable, Writable } from 'node:stream';

export type Output = 'stdout' | 'stderr';

/**
 * Replaces the standard streams of the thread that calls it. Node would relay what tasks print through the main
 * thread, which writes it to the runner's own log, as it is, and does nothing else meanwhile.
 */
export function replaceStdio(onPrint: (output: Output, piece: Buffer) => void): void {
  for (const output of ['stdout', 'stderr'] as const) {
    const open = openerOf(output, (piece) => onPrint(output, piece));
    let stream = open();
    // A task that ends it must not end it for all others of its thread.
    const get = () => {
      if (!stream.writable) stream = open();
      return stream;
    };
    Object.defineProperty(process, output, { get, enumerable: true, configurable: true });
    Object.defineProperty(console, `_${output}`, { get, configurable: true });
  }
  // Through the one that is replaced tasks would find the port of Node's relay.
  const stdin = Readable.from([]);
  Object.defineProperty(process, 'stdin', { value: stdin, enumerable: true, configurable: true });
  // `import { stdout } from 'node:process'` may be bound to the one before.
  syncBuiltinESMExports();
  // Node writes warnings to the standard error of the process, past any stream.
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', (warning) => console.error(`${warning.name}: ${warning.message}`));
}

function openerOf(output: Output, onPiece: (piece: Buffer) => void): () => Writable {
  // Node calls these on whatever stream is there, when the main thread asks for more.
  const called = Object.getOwnPropertySymbols(Object.getPrototypeOf(process[output]));
  const write = (piece: Buffer, _encoding: unknown, done: () => void) => {
    onPiece(piece);
    done();
  };
  return () => {
    const stream = new Writable({ write }).on('error', () => {});
    for (const key of called) Object.defineProperty(stream, key, { value: () => {} });
    return stream;
  };
}
