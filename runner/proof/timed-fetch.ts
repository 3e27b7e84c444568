export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends a request and fails if the answer does not come in time. Unlike `AbortSignal.timeout`, the timer
 * keeps the process alive. This matters because the server may be killed at any moment.
 */
export async function timedFetch(
  url: string,
  timeoutMs: number,
  init: Omit<RequestInit, 'signal'> = {},
): Promise<Answer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`${url} did not answer in time`)), timeoutMs);
  try {
    const response = await fetch(url, { ...init, signal: late.signal });
    return { status: response.status, text: await response.text() };
  } finally {
    clearTimeout(timer);
  }
}
