/** The names of the configured client tokens, as the API Worker sent them last. */
export class ClientNames {
  #names: ReadonlySet<string> = new Set();
  #keptAt = 0;

  keep(names: readonly string[], now: number): ReadonlySet<string> {
    this.#names = new Set(names);
    this.#keptAt = now;
    return this.#names;
  }

  /** Whether a list that came after `since` does not have the name. */
  isRevoked(name: string, since: number): boolean {
    return this.#keptAt > since && !this.#names.has(name);
  }
}
