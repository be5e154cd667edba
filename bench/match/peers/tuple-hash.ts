import type { Matching } from "../matching.js";
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

/**
 * Tuple space search, written by hand for speed. Fields are hashed from the string as it is scanned, nothing is cut out
 * of it and nothing is allocated; a mask for each pair of name and type says which of the sixteen kinds of rules are
 * worth a probe, and a filter answers most of those; hits are compared with the rule's text.
 */
export class TupleHashMatcher {
  /** The callbacks of the rules that the last event matched. */
  readonly found = new Int32Array(1024);
  readonly #index: TupleIndex;
  /** What name and type, and job and extra, add to a hash, by which of the two are open: looked up, not branched on. */
  readonly #heads = new Int32Array(4);
  readonly #tails = new Int32Array(4);

  constructor(rules: readonly TopicRule[]) {
    this.#index = new TupleIndex(rules);
  }

  /** Writes what the event matches to {@link found} and returns how many there are, or -1 if it is no event. */
  match(event: string): number {
    const index = this.#index;
    const length = event.length;
    let at = 0;
    let code = 0;
    let nameHash = offsetBasis;
    for (; at < length; at++) {
      code = event.charCodeAt(at);
      if (code === dash) break;
      nameHash = Math.imul(nameHash ^ code, prime);
    }
    const nameEnd = at++;
    let typeHash = offsetBasis;
    for (; at < length; at++) {
      code = event.charCodeAt(at);
      if (code === dash) break;
      typeHash = Math.imul(typeHash ^ code, prime);
    }
    const typeEnd = at++;
    let job = 0;
    for (; at < length; at++) {
      code = event.charCodeAt(at);
      if (code === dash) break;
      if (code < zero || code > zero + 9) return -1;
      job = (Math.imul(job, 10) + code - zero) | 0;
    }
    const digits = at - typeEnd - 1;
    if (digits <= 0) return -1;
    if (digits > maximumDigits) job = index.longJob(Number(event.slice(typeEnd + 1, at)));
    const extraStart = at < length ? at + 1 : length;
    let extraHash = offsetBasis;
    for (at = extraStart; at < length; at++) extraHash = Math.imul(extraHash ^ event.charCodeAt(at), prime);

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
          if (this.#same(record, kind, name, type, job, event, nameEnd, typeEnd, extraStart)) {
            this.found[count++] = records[record] ?? 0;
          }
          rule = records[record + 1] ?? empty;
        } while (rule !== empty);
        break;
      }
    }
    return count;
  }

  #same(
    record: number,
    kind: number,
    name: number,
    type: number,
    job: number,
    event: string,
    nameEnd: number,
    typeEnd: number,
    extraStart: number,
  ): boolean {
    const { records, pool, names, types } = this.#index;
    if (records[record + 7] !== kind) return false;
    if ((kind & anyJob) === 0 && records[record + 4] !== job) return false;
    if ((kind & anyName) === 0) {
      if (records[record + 2] !== name || !sameWord(names.words[name] ?? "", event, 0, nameEnd)) return false;
    }
    if ((kind & anyType) === 0) {
      if (records[record + 3] !== type || !sameWord(types.words[type] ?? "", event, nameEnd + 1, typeEnd)) return false;
    }
    if ((kind & anyExtra) !== 0) return true;
    const length = records[record + 6] ?? 0;
    if (length !== event.length - extraStart) return false;
    const start = records[record + 5] ?? 0;
    for (let i = 0; i < length; i++) if (pool[start + i] !== event.charCodeAt(extraStart + i)) return false;
    return true;
  }
}

function sameWord(word: string, event: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) !== event.charCodeAt(start + at)) return false;
  return true;
}

export function tupleHash(rules: readonly TopicRule[]): Matching {
  const matcher = new TupleHashMatcher(rules);
  return {
    name: "tuple hash, by hand",
    answer: (event) => [...matcher.found.subarray(0, Math.max(0, matcher.match(event)))],
    count(events) {
      let fired = 0;
      for (let at = 0; at < events.length; at++) {
        const count = matcher.match(events[at] ?? "");
        for (let i = 0; i < count; i++) if ((matcher.found[i] ?? -1) >= 0) fired++;
      }
      return fired;
    },
  };
}
