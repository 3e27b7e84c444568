import { syncBuiltinESMExports } from 'node:module';
import { Readable, Writable } from 'node:stream';

export type Output = 'stdout' | 'stderr';

/**
 * Replaces the standard streams of the calling thread. Node would send the output of tasks to the main thread,
 * which would write it to the runner's log unchanged and be busy with it.
 */
export function replaceStdio(onPrint: (output: Output, piece: Buffer) => void): void {
  for (const output of ['stdout', 'stderr'] as const) {
    const open = openerOf(output, (piece) => onPrint(output, piece));
    let stream = open();
    // A task that ends a stream must not end it for the other tasks of its thread.
    const get = () => {
      if (!stream.writable) stream = open();
      return stream;
    };
    Object.defineProperty(process, output, { get, enumerable: true, configurable: true });
    Object.defineProperty(console, `_${output}`, { get, configurable: true });
  }
  // The original stream would give tasks access to Node's port.
  const stdin = Readable.from([]);
  Object.defineProperty(process, 'stdin', { value: stdin, enumerable: true, configurable: true });
  // Updates the bindings of `import { stdout } from 'node:process'`.
  syncBuiltinESMExports();
  // Node writes warnings to the standard error of the process and ignores the streams.
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', (warning) => console.error(`${warning.name}: ${warning.message}`));
}

function openerOf(output: Output, onPiece: (piece: Buffer) => void): () => Writable {
  // Node calls these methods on the current stream when the main thread asks for more output.
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
