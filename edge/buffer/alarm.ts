/** The alarm of a Durable Object. It is written only to set an earlier time. */
export class Alarm {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Reads the time of the alarm. Call this once, before any other method. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** Records that the alarm has rung, so it is no longer set. */
  noteRang(): void {
    this.#at = null;
  }

  /** Makes sure that the alarm rings at a time in Unix milliseconds, or earlier. Null changes nothing. */
  async ringBy(at: number | null): Promise<void> {
    if (at === null || (this.#at !== null && this.#at <= at)) return;
    this.#at = at;
    await this.#storage.setAlarm(at);
  }
}
