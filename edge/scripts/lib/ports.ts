/** The variables that choose the ports of the local workers, and the ports without them. */
export const PORTS = { API_PORT: 8787, BUFFER_PORT: 8788 } as const;

/**
 * The port that an environment variable chooses.
 *
 * @throws {Error} that names the variable, if it is no port.
 */
export function portOf(variable: keyof typeof PORTS, env: NodeJS.ProcessEnv = process.env): number {
  const text = env[variable];
  if (text === undefined) return PORTS[variable];
  return parsePort(text, variable);
}

/**
 * Reads a port.
 *
 * @param name the flag or variable that gave it.
 * @throws {Error} if it is no port.
 */
export function parsePort(value: string | number, name: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Error(`${name} is "${value}": give a port, a whole number from 1 to 65535`);
}

/** The names by which a person chose the two ports. */
export interface PortNames {
  readonly api: string;
  readonly buffer: string;
}

/** @throws {Error} if both workers would use the same port. */
export function expectTwoPorts(
  ports: { readonly api: number; readonly buffer: number },
  names: PortNames = { api: 'API_PORT', buffer: 'BUFFER_PORT' },
): void {
  if (ports.api !== ports.buffer) return;
  throw new Error(
    `Both workers would use port ${ports.api}: set ${names.api} (${PORTS.API_PORT} by default) and ${names.buffer} (${PORTS.BUFFER_PORT} by default) to different ports`,
  );
}

/** The sentence for a port on which a worker cannot listen. */
export function portFault(error: unknown, worker: string, port: number, variable: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : String(error);
  const place = `The ${worker} cannot use port ${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place}: another process uses it. Set ${variable} to a free port.`;
    case 'EACCES':
      return `${place}: this user may not use it. Set ${variable} to a port from 1024 on.`;
    default:
      return `${place} (${code}). Set ${variable} to another port.`;
  }
}
