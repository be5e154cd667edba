import { type OwnerMatching, type Pair, pairOf } from "../owners.js";
import type { TwoTerms } from "../remembering.js";
import { TupleHashMatcher } from "./tuple-hash.js";

const first = 1;
const second = 2;
const both = first | second;

/**
 * What one writes for two terms by hand: the tuple hash finds terms, a Map with a small integer for each rule and owner
 * keeps what has happened, children are linked lists over typed arrays. Job ids must be dense.
 */
export class MemoryMap {
  readonly #terms: TupleHashMatcher;
  readonly #happened = new Map<number, number>();
  readonly #rules: number;
  /** By term number: 1 where it is about the parent. */
  readonly #ofParent: Uint8Array;
  readonly #firstChild: Int32Array;
  readonly #nextChild: Int32Array;

  constructor(rules: readonly TwoTerms[], jobs: readonly { id: number; pid?: number | undefined }[]) {
    const terms = rules.flatMap(({ one, other }) => [one, other]);
    this.#terms = new TupleHashMatcher(
      terms.map(({ name, frame }, callback) => ({
        callback,
        name,
        type: frame === null ? "job" : "work",
        job: null,
        extra: frame === null ? "" : String(frame),
      })),
    );
    this.#rules = rules.length;
    this.#ofParent = Uint8Array.from(rules.flatMap(({ other }) => [0, other.ofParent ? 1 : 0]));
    const highest = jobs.reduce((most, { id }) => Math.max(most, id), 0);
    this.#firstChild = new Int32Array(highest + 1);
    this.#nextChild = new Int32Array(highest + 1);
    for (const { id, pid = 0 } of jobs) {
      if (pid === 0) continue;
      this.#nextChild[id] = this.#firstChild[pid] ?? 0;
      this.#firstChild[pid] = id;
    }
  }

  match(event: string, fire: (callback: number, owner: number) => void): void {
    const count = this.#terms.match(event);
    if (count <= 0) return;
    const start = event.indexOf("-", event.indexOf("-") + 1) + 1;
    let job = 0;
    for (let at = start; at < event.length; at++) {
      const digit = event.charCodeAt(at) - 48;
      if (digit < 0) break;
      job = job * 10 + digit;
    }
    // Every term of an occurrence happens before any rule is looked at: both terms may be this one event.
    for (let i = 0; i < count; i++) {
      const term = this.#terms.found[i] ?? 0;
      if (this.#ofParent[term] === 0) this.#remember(term, job);
      else
        for (let owner = this.#firstChild[job] ?? 0; owner !== 0; owner = this.#nextChild[owner] ?? 0)
          this.#remember(term, owner);
    }
    for (let i = 0; i < count; i++) {
      const term = this.#terms.found[i] ?? 0;
      if (this.#ofParent[term] === 0) this.#conclude(term, job, fire);
      else {
        for (let owner = this.#firstChild[job] ?? 0; owner !== 0; owner = this.#nextChild[owner] ?? 0) {
          this.#conclude(term, owner, fire);
        }
      }
    }
  }

  #remember(term: number, owner: number): void {
    const key = owner * this.#rules + (term >> 1);
    this.#happened.set(key, (this.#happened.get(key) ?? 0) | (term % 2 === 0 ? first : second));
  }

  #conclude(term: number, owner: number, fire: (callback: number, owner: number) => void): void {
    const key = owner * this.#rules + (term >> 1);
    if (this.#happened.get(key) !== both) return;
    this.#happened.delete(key);
    fire(term >> 1, owner);
  }
}

export function memoryMap(
  rules: readonly TwoTerms[],
  jobs: readonly { id: number; pid?: number | undefined }[],
): OwnerMatching {
  const memory = new MemoryMap(rules, jobs);
  let fired = 0;
  const fire = (callback: number, owner: number): void => {
    if (callback >= 0 && owner > 0) fired++;
  };
  return {
    name: "tuple hash and Map, by hand",
    answer(event) {
      const pairs: Pair[] = [];
      memory.match(event, (callback, owner) => pairs.push(pairOf(callback, owner)));
      return pairs;
    },
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) memory.match(events[at] ?? "", fire);
      return fired;
    },
  };
}
