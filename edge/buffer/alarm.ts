/** The alarm of a Durable Object: it is written only to ring earlier than it is set to. */
export class Alarm {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Reads when the alarm is set to ring. Call this once, before any other method. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** The alarm has rung, so it is not set any more. */
  noteRang(): void {
    this.#at = null;
  }

  /** Sets the alarm to ring at a time, in Unix milliseconds, or earlier; null leaves it as it is. */
  async ringBy(at: number | null): Promise<void> {
    if (at === null || (this.#at !== null && this.#at <= at)) return;
    this.#at = at;
    await this.#storage.setAlarm(at);
  }
}
