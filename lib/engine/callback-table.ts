import type { Callback } from "../config/configuration.js";
import type { RunLimits } from "../config/run-limits.js";
import type { CallbackFunction } from "../execute/function.js";
import type { Trigger } from "../trigger/ast.js";
import type { Rule } from "../trigger/compile.js";

/** A function registered as a callback. */
export interface FunctionCallback {
  name: string;
  trigger: Trigger;
  run: CallbackFunction;
  timeoutMs: number;
  limits: RunLimits;
}

/** A callback that an earlier engine knew and this one does not. */
export interface GoneCallback {
  id: string;
  file: string;
}

export type TableEntry =
  | { kind: "site"; callback: Callback }
  | { kind: "function"; callback: FunctionCallback }
  | { kind: "gone"; callback: GoneCallback };

/** What the numbers mean that the matcher answers with. */
export class CallbackTable {
  readonly #entries: (Exclude<TableEntry, { kind: "gone" }> | undefined)[] = [];

  constructor(callbacks: readonly Callback[]) {
    for (const callback of callbacks) this.#entries.push({ kind: "site", callback });
  }

  get(index: number): TableEntry | undefined {
    return this.#entries[index];
  }

  /** Whether a callback has this id: a function's is its name. */
  has(id: string): boolean {
    return this.#entries.some((entry) => (entry?.kind === "site" ? entry.callback.id : entry?.callback.name) === id);
  }

  /** The site's callback of this id, unless it is disabled. */
  site(id: string): TableEntry | undefined {
    return this.#entries.find(
      (entry) => entry?.kind === "site" && entry.callback.id === id && entry.callback.options.enabled,
    );
  }

  /** Returns the number the matcher will answer with. */
  add(callback: FunctionCallback): number {
    return this.#entries.push({ kind: "function", callback }) - 1;
  }

  /** Numbers are never given twice: runs of a removed function may still be queued. */
  remove(index: number): void {
    this.#entries[index] = undefined;
  }

  rules(): Rule[] {
    return this.#entries.flatMap((entry, callback) => {
      if (entry === undefined) return [];
      if (entry.kind === "function") return [{ callback, key: entry.callback.name, trigger: entry.callback.trigger }];
      if (!entry.callback.options.enabled) return [];
      return entry.callback.triggers.map(({ trigger }) => ({ callback, key: entry.callback.id, trigger }));
    });
  }
}
