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
