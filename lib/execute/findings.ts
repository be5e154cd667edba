/** What was found out about something, and whether that holds for whoever asks later. */
export interface Finding<Value> {
  value: Value;
  lasts: boolean;
}

/**
 * What takes time to find out is found out once, however many ask meanwhile: where runs come in a storm, all of them need to
 * know the same. Those who wait for what fails share the failure; whoever comes later tries again.
 */
export class Findings<Key extends object, Value> {
  readonly #find: (key: Key) => Promise<Finding<Value>>;
  readonly #found = new WeakMap<Key, { value: Value }>();
  readonly #sought = new WeakMap<Key, Promise<Value>>();

  constructor(find: (key: Key) => Promise<Finding<Value>>) {
    this.#find = find;
  }

  /** A promise only where it was not found before. */
  get(key: Key): Value | Promise<Value> {
    const found = this.#found.get(key);
    if (found !== undefined) return found.value;
    const sought = this.#sought.get(key) ?? this.#seek(key);
    this.#sought.set(key, sought);
    return sought;
  }

  async #seek(key: Key): Promise<Value> {
    try {
      const { value, lasts } = await this.#find(key);
      if (lasts) this.#found.set(key, { value });
      return value;
    } finally {
      this.#sought.delete(key);
    }
  }
}
