import type { Matching } from "../matching.js";
import type { TopicRule } from "../rule.js";

type Extras = Map<string, number[]>;
type Jobs = Map<string, Extras>;
type Types = Map<string, Jobs>;

const any = "*";

/** The obvious thing: a Map of Maps of Maps, a level for each field, looked up with the field and with `*`. */
export class MapTrie {
  readonly #names = new Map<string, Types>();

  constructor(rules: readonly TopicRule[]) {
    for (const { callback, name, type, job, extra } of rules) {
      const types = child(this.#names, name ?? any, (): Types => new Map());
      const jobs = child(types, type ?? any, (): Jobs => new Map());
      const extras = child(jobs, job === null ? any : String(job), (): Extras => new Map());
      child(extras, extra ?? any, (): number[] => []).push(callback);
    }
  }

  match(event: string, fire: (callback: number) => void): void {
    const first = event.indexOf("-");
    const second = event.indexOf("-", first + 1);
    const third = event.indexOf("-", second + 1);
    const type = event.slice(first + 1, second);
    const job = event.slice(second + 1, third);
    const extra = event.slice(third + 1);
    this.#inTypes(this.#names.get(event.slice(0, first)), type, job, extra, fire);
    this.#inTypes(this.#names.get(any), type, job, extra, fire);
  }

  #inTypes(types: Types | undefined, type: string, job: string, extra: string, fire: (callback: number) => void): void {
    if (types === undefined) return;
    inJobs(types.get(type), job, extra, fire);
    inJobs(types.get(any), job, extra, fire);
  }
}

function inJobs(jobs: Jobs | undefined, job: string, extra: string, fire: (callback: number) => void): void {
  if (jobs === undefined) return;
  inExtras(jobs.get(job), extra, fire);
  inExtras(jobs.get(any), extra, fire);
}

function inExtras(extras: Extras | undefined, extra: string, fire: (callback: number) => void): void {
  if (extras === undefined) return;
  const exact = extras.get(extra);
  if (exact !== undefined) for (let at = 0; at < exact.length; at++) fire(exact[at] ?? 0);
  const wild = extras.get(any);
  if (wild !== undefined) for (let at = 0; at < wild.length; at++) fire(wild[at] ?? 0);
}

function child<V>(parent: Map<string, V>, key: string, create: () => V): V {
  const known = parent.get(key);
  if (known !== undefined) return known;
  const created = create();
  parent.set(key, created);
  return created;
}

export function mapTrie(rules: readonly TopicRule[]): Matching {
  const trie = new MapTrie(rules);
  let fired = 0;
  const fire = (callback: number): void => {
    if (callback >= 0) fired++;
  };
  return {
    name: "Map trie, by hand",
    answer(event) {
      const callbacks: number[] = [];
      trie.match(event, (callback) => callbacks.push(callback));
      return callbacks;
    },
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) trie.match(events[at] ?? "", fire);
      return fired;
    },
  };
}
