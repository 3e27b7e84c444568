/** A call took longer than it may. */
export class TooLate extends Error {}

/**
 * What a call answers, if that takes no longer than `ms`. The timer is of the same request: a worker must not wait
 * for one of another request.
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
