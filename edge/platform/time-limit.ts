/** A call took longer than its time limit. */
export class TooLate extends Error {}

/**
 * Returns the answer of a call if it arrives within `ms`. The timer belongs to the same request, because a request
 * must not wait for a timer of another request.
 *
 * @throws {TooLate} after that time.
 */
export async function inTime<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TooLate(`Expected an answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
