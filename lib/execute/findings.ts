/** What was found out about something, and whether that holds for whoever asks later. */
export interface Finding<Value> {
  value: Value;
  lasts: boolean;
}

/**
 * What takes time to find out is found out once, however many ask meanwhile: where runs come in a storm, all of them need to
 * know the same. Those who wait for what fails share the failure; whoever comes later tries again.
 */
export class Findings<Key extends object, Value extends NonNullable<unknown>> {
  readonly #find: (key: Key) => Promise<Finding<Value>>;
  readonly #known = new WeakMap<Key, Value | Promise<Value>>();

  constructor(find: (key: Key) => Promise<Finding<Value>>) {
    this.#find = find;
  }

  /** A promise only where it was not found before. */
  get(key: Key): Value | Promise<Value> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const sought = this.#find(key).then(
      ({ value, lasts }) => {
        if (lasts) this.#known.set(key, value);
        else this.#known.delete(key);
        return value;
      },
      (error) => {
        this.#known.delete(key);
        throw error;
      },
    );
    this.#known.set(key, sought);
    return sought;
  }
}
