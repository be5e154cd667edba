import type { BatchMatching } from "../batch-matching.js";
import type { TopicRule } from "../rule.js";
import {
  anyExtra,
  anyJob,
  anyName,
  anyType,
  dash,
  empty,
  extraShare,
  jobShare,
  maximumDigits,
  nameShare,
  offsetBasis,
  prime,
  recordWords,
  TupleIndex,
  tupleHashOf,
  typeShare,
  zero,
} from "./tuple-index.js";

const newline = 10;

/**
 * The tuple hash over bytes: the fields of a line are hashed as they are scanned, and no string is made. Names, types and
 * extras must be ASCII, job ids of at most nine digits.
 */
export class TupleHashBatches {
  /** The callbacks of the rules that the last event matched. */
  readonly found = new Int32Array(1024);
  readonly #index: TupleIndex;
  /** Where the line matched last ends. */
  #next = 0;
  /** What name and type, and job and extra, add to a hash, by which of the two are open: looked up, not branched on. */
  readonly #heads = new Int32Array(4);
  readonly #tails = new Int32Array(4);

  constructor(rules: readonly TopicRule[]) {
    this.#index = new TupleIndex(rules);
  }

  /**
   * Calls `fire` with the callbacks of all rules that the lines match, and `malformed` for lines that are no event. Each
   * byte is read once: a line ends where its last field does.
   */
  matchLines(bytes: Uint8Array, fire: (callback: number) => void, malformed: () => void): void {
    for (let at = 0; at < bytes.length; at = this.#next + 1) {
      const count = this.#match(bytes, at);
      if (count < 0) malformed();
      else for (let i = 0; i < count; i++) fire(this.found[i] ?? 0);
    }
  }

  /** Matches the line that begins at `at` and notes where it ends; -1 if it is no event, and then it may be empty. */
  #match(event: Uint8Array, start: number): number {
    const index = this.#index;
    const length = event.length;
    let at = start;
    let code = 0;
    let nameHash = offsetBasis;
    for (; at < length; at++) {
      code = event[at] ?? 0;
      if (code === dash || code === newline) break;
      nameHash = Math.imul(nameHash ^ code, prime);
    }
    if (at === length || code === newline) return this.#endsAt(event, at);
    const nameEnd = at++;
    let typeHash = offsetBasis;
    for (; at < length; at++) {
      code = event[at] ?? 0;
      if (code === dash || code === newline) break;
      typeHash = Math.imul(typeHash ^ code, prime);
    }
    if (at === length || code === newline) return this.#endsAt(event, at);
    const typeEnd = at++;
    let job = 0;
    for (; at < length; at++) {
      code = event[at] ?? 0;
      if (code === dash || code === newline) break;
      if (code < zero || code > zero + 9) return this.#endsAt(event, at);
      job = (Math.imul(job, 10) + code - zero) | 0;
    }
    const digits = at - typeEnd - 1;
    if (digits <= 0 || digits > maximumDigits) return this.#endsAt(event, at);
    const extraStart = at < length && code === dash ? at + 1 : at;
    let extraHash = offsetBasis;
    for (at = extraStart; at < length; at++) {
      code = event[at] ?? 0;
      if (code === newline) break;
      extraHash = Math.imul(extraHash ^ code, prime);
    }
    const end = at;
    this.#next = end;

    const name = index.names.find(nameHash);
    const type = index.types.find(typeHash);
    const { slots, slotMask, records, filter, filterMask } = index;
    const heads = this.#heads;
    const tails = this.#tails;
    heads[1] = nameShare(name);
    heads[2] = typeShare(type);
    heads[0] = heads[1] ^ heads[2];
    tails[1] = jobShare(job);
    tails[2] = extraShare(extraHash);
    tails[0] = tails[1] ^ tails[2];
    let kinds = index.kinds[name * 16 + type] ?? 0;
    let count = 0;
    while (kinds !== 0) {
      const kind = 31 - Math.clz32(kinds);
      kinds ^= 1 << kind;
      const hash = tupleHashOf(kind, (heads[kind >> 2] ?? 0) ^ (tails[kind & 3] ?? 0));
      if ((((filter[(hash >>> 5) & filterMask] ?? 0) >>> hash) & 1) === 0) continue;
      for (let slot = hash & slotMask; ; slot = (slot + 1) & slotMask) {
        let rule = slots[slot * 2 + 1] ?? empty;
        if (rule === empty) break;
        if (slots[slot * 2] !== hash) continue;
        do {
          const record = rule * recordWords;
          if (this.#same(record, kind, name, type, job, event, start, nameEnd, typeEnd, extraStart, end)) {
            this.found[count++] = records[record] ?? 0;
          }
          rule = records[record + 1] ?? empty;
        } while (rule !== empty);
        break;
      }
    }
    return count;
  }

  /** A line that is no event, up to its end. */
  #endsAt(event: Uint8Array, from: number): -1 {
    let at = from;
    while (at < event.length && event[at] !== newline) at++;
    this.#next = at;
    return -1;
  }

  #same(
    record: number,
    kind: number,
    name: number,
    type: number,
    job: number,
    event: Uint8Array,
    start: number,
    nameEnd: number,
    typeEnd: number,
    extraStart: number,
    end: number,
  ): boolean {
    const { records, pool, names, types } = this.#index;
    if (records[record + 7] !== kind) return false;
    if ((kind & anyJob) === 0 && records[record + 4] !== job) return false;
    if ((kind & anyName) === 0) {
      if (records[record + 2] !== name || !sameWord(names.words[name] ?? "", event, start, nameEnd)) return false;
    }
    if ((kind & anyType) === 0) {
      if (records[record + 3] !== type || !sameWord(types.words[type] ?? "", event, nameEnd + 1, typeEnd)) return false;
    }
    if ((kind & anyExtra) !== 0) return true;
    const length = records[record + 6] ?? 0;
    if (length !== end - extraStart) return false;
    const at = records[record + 5] ?? 0;
    for (let i = 0; i < length; i++) if (pool[at + i] !== event[extraStart + i]) return false;
    return true;
  }
}

function sameWord(word: string, event: Uint8Array, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) !== event[start + at]) return false;
  return true;
}

export function tupleHashBatches(rules: readonly TopicRule[]): BatchMatching {
  const matcher = new TupleHashBatches(rules);
  let fired = 0;
  const fire = (callback: number): void => {
    if (callback >= 0) fired++;
  };
  const malformed = (): void => undefined;
  return {
    name: "tuple hash, by hand",
    answer(event) {
      const callbacks: number[] = [];
      matcher.matchLines(new TextEncoder().encode(event), (callback) => callbacks.push(callback), malformed);
      return callbacks;
    },
    countBatch({ bytes }) {
      fired = 0;
      matcher.matchLines(bytes, fire, malformed);
      return fired;
    },
  };
}
