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
  #sites: readonly TableEntry[];
  /** Holes are functions that were removed: a number keeps its meaning while an event is under way. */
  #functions: (TableEntry | undefined)[] = [];

  constructor(callbacks: readonly Callback[]) {
    this.#sites = sitesOf(callbacks);
  }

  /** Other callbacks of the site from now on; all numbers change, so it is not for while an event is under way. */
  replace(callbacks: readonly Callback[]): void {
    this.#sites = sitesOf(callbacks);
    this.#functions = this.#functions.filter((entry) => entry !== undefined);
  }

  get sites(): readonly TableEntry[] {
    return this.#sites;
  }

  /** All of them, disabled ones included. */
  get entries(): TableEntry[] {
    return [...this.#sites, ...this.#functions].filter((entry) => entry !== undefined);
  }

  get(index: number): TableEntry | undefined {
    return index < this.#sites.length ? this.#sites[index] : this.#functions[index - this.#sites.length];
  }

  /** Whether a callback has this id: a function's is its name. */
  has(id: string): boolean {
    return [...this.#sites, ...this.#functions].some((entry) => entry !== undefined && idOf(entry) === id);
  }

  /** The site's callback of this id, unless it is disabled. */
  site(id: string): TableEntry | undefined {
    return this.#sites.find(
      (entry) => entry.kind === "site" && entry.callback.id === id && entry.callback.options.enabled,
    );
  }

  add(callback: FunctionCallback): void {
    this.#functions.push({ kind: "function", callback });
  }

  /** False if it is not there any more. Its runs may still be queued. */
  remove(callback: FunctionCallback): boolean {
    const place = this.#functions.findIndex((entry) => entry?.callback === callback);
    if (place >= 0) this.#functions[place] = undefined;
    return place >= 0;
  }

  rules(): Rule[] {
    return [...this.#sites, ...this.#functions].flatMap((entry, callback) => {
      if (entry === undefined || !isEnabled(entry)) return [];
      return triggersOf(entry).map((trigger) => ({ callback, key: idOf(entry), trigger }));
    });
  }
}

function sitesOf(callbacks: readonly Callback[]): TableEntry[] {
  return callbacks.map((callback) => ({ kind: "site", callback }));
}

/** What fires a callback, disabled or not. */
export function triggersOf(entry: TableEntry): Trigger[] {
  if (entry.kind === "gone") return [];
  return entry.kind === "function" ? [entry.callback.trigger] : entry.callback.triggers.map(({ trigger }) => trigger);
}

/** Only callbacks of the site can be switched off. */
export function isEnabled(entry: TableEntry): boolean {
  return entry.kind !== "site" || entry.callback.options.enabled;
}

/** The name a function was registered under, or the file's. */
export function nameOf(entry: TableEntry): string {
  return entry.kind === "function" ? entry.callback.name : entry.callback.file;
}

/** The stable id of a callback. */
export function idOf(entry: TableEntry): string {
  return entry.kind === "function" ? entry.callback.name : entry.callback.id;
}
