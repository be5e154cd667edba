import type { Change } from "../journal/records.js";

/** The key of a part of what is kept under another. */
export function partOf(key: string, number: number): string {
  return `${key}#${number}`;
}

/** What the durable state keeps of time triggers, as texts under keys. */
export class TimeMemory {
  /** Called before what was written is sent to the disk, to write what is gathered until then. */
  gather: () => void = () => undefined;
  readonly #entries: Map<string, string>;
  readonly #write: ((change: Change) => void) | null;

  /** @param write null where nothing is durable; then nothing is kept, either */
  constructor(entries: Iterable<[string, string]>, write: ((change: Change) => void) | null) {
    this.#entries = new Map(entries);
    this.#write = write;
  }

  get isDurable(): boolean {
    return this.#write !== null;
  }

  get(key: string): string | undefined {
    return this.#entries.get(key);
  }

  /** The keys of the parts of what is kept under a key: they are numbered from 0. */
  parts(key: string): string[] {
    const parts: string[] = [];
    for (let part = partOf(key, 0); this.#entries.has(part); part = partOf(key, parts.length)) parts.push(part);
    return parts;
  }

  set(key: string, value: string): void {
    if (this.#write === null || this.#entries.get(key) === value) return;
    this.#entries.set(key, value);
    this.#write(["times", key, value]);
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#write?.(["times", key, null]);
  }

  /** All of it, to be written anew. */
  *changes(): Iterable<Change> {
    for (const [key, value] of this.#entries) yield ["times", key, value];
  }
}
