/** Longer than any answer should take. */
const TIMEOUT_MS = 60_000;

/** Posts JSON and reads the answer. Throws if the call does not succeed. */
export function post(url: string, body: object = {}): Promise<unknown> {
  return send('POST', url, body);
}

/** Sends JSON and reads the answer. Throws if the call does not succeed. */
export async function send(method: 'POST' | 'PUT', url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/** Makes a call and discards the answer, regardless of its status. @returns the status and the size in bytes. */
export async function call(url: string, method = 'GET'): Promise<{ status: number; bytes: number }> {
  const response = await fetch(url, { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  return { status: response.status, bytes };
}
