/** The names of the configured client tokens, from the last call of the API Worker. */
export class ClientNames {
  #names: ReadonlySet<string> = new Set();
  #keptAt = 0;

  keep(names: readonly string[], now: number): ReadonlySet<string> {
    this.#names = new Set(names);
    this.#keptAt = now;
    return this.#names;
  }

  /** Whether the last list came after `since` and does not contain the name. */
  isRevoked(name: string, since: number): boolean {
    return this.#keptAt > since && !this.#names.has(name);
  }
}
