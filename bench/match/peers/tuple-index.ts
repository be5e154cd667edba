import type { TopicRule } from "../rule.js";

export const dash = 45;
export const zero = 48;
export const prime = 0x01000193;
export const offsetBasis = 0x811c9dc5 | 0;
export const empty = -1;
/** Longer job ids are no small integers: rules that name one are given a number below -1 in its place. */
export const maximumDigits = 9;
/**
 * A rule's record: its callback, the next rule with the same hash, the numbers of name and type, the job, offset and
 * length of the extra in the pool, and its kind.
 */
export const recordWords = 8;
/** Bits of a kind: the fields that accept anything. */
export const anyName = 8;
export const anyType = 4;
export const anyJob = 2;
export const anyExtra = 1;

/** Rules in one open-addressing table over typed arrays; a rule is found by its kind and the hash of its exact fields. */
export class TupleIndex {
  readonly names: WordNumbers;
  readonly types: WordNumbers;
  /** By name number * 16 + type number: a bit for each kind that any rule for the pair is of. */
  readonly kinds: Int32Array;
  /** Pairs of a hash and the first rule that has it. */
  readonly slots: Int32Array;
  readonly slotMask: number;
  /** A bit for each hash, 16 and more bits to a rule: most probes end here, without a look at the table. */
  readonly filter: Int32Array;
  readonly filterMask: number;
  readonly records: Int32Array;
  /** The UTF-16 units of all exact extras. */
  readonly pool: Uint16Array;
  readonly #longJobs = new Map<number, number>();

  constructor(rules: readonly TopicRule[]) {
    this.names = new WordNumbers(rules.flatMap(({ name }) => name ?? []));
    this.types = new WordNumbers(rules.flatMap(({ type }) => type ?? []));
    if (this.types.count > 15) throw new RangeError("more than 15 types");
    this.kinds = new Int32Array((this.names.count + 1) * 16);
    const capacity = 2 ** Math.ceil(Math.log2(rules.length * 2 + 4));
    this.slots = new Int32Array(capacity * 2).fill(empty);
    this.slotMask = capacity - 1;
    this.filter = new Int32Array(capacity / 4);
    this.filterMask = capacity / 4 - 1;
    this.records = new Int32Array(rules.length * recordWords);
    const offsets = new Map<string, number>();
    let length = 0;
    for (const { extra } of rules) {
      if (extra === null || offsets.has(extra)) continue;
      offsets.set(extra, length);
      length += extra.length;
    }
    this.pool = new Uint16Array(length);
    for (const [extra, at] of offsets) for (let i = 0; i < extra.length; i++) this.pool[at + i] = extra.charCodeAt(i);
    for (const [index, rule] of rules.entries()) this.#add(index, rule, offsets.get(rule.extra ?? "") ?? 0);
  }

  /** The number that stands for a job id of more than {@link maximumDigits} digits; -1 if no rule names it. */
  longJob(job: number): number {
    return job < 10 ** maximumDigits ? job : (this.#longJobs.get(job) ?? -1);
  }

  #add(index: number, { callback, name, type, job, extra }: TopicRule, extraAt: number): void {
    const kind =
      (name === null ? anyName : 0) |
      (type === null ? anyType : 0) |
      (job === null ? anyJob : 0) |
      (extra === null ? anyExtra : 0);
    const nameNumber = name === null ? 0 : this.names.find(hashOf(name));
    const typeNumber = type === null ? 0 : this.types.find(hashOf(type));
    const jobNumber = job === null ? 0 : this.#numberJob(job);
    for (let one = 0; one <= this.names.count; one++) {
      if (name !== null && one !== nameNumber) continue;
      for (let other = 0; other < 16; other++) {
        if (type !== null && other !== typeNumber) continue;
        this.kinds[one * 16 + other] = (this.kinds[one * 16 + other] ?? 0) | (1 << kind);
      }
    }
    let shares = 0;
    if (name !== null) shares ^= nameShare(nameNumber);
    if (type !== null) shares ^= typeShare(typeNumber);
    if (job !== null) shares ^= jobShare(jobNumber);
    if (extra !== null) shares ^= extraShare(hashOf(extra));
    const hash = tupleHashOf(kind, shares);
    const word = (hash >>> 5) & this.filterMask;
    this.filter[word] = (this.filter[word] ?? 0) | (1 << hash);
    let slot = hash & this.slotMask;
    while (this.slots[slot * 2 + 1] !== empty && this.slots[slot * 2] !== hash) slot = (slot + 1) & this.slotMask;
    const next = this.slots[slot * 2 + 1] ?? empty;
    this.slots[slot * 2] = hash;
    this.slots[slot * 2 + 1] = index;
    const record = [callback, next, nameNumber, typeNumber, jobNumber, extraAt, extra?.length ?? 0, kind];
    this.records.set(record, index * recordWords);
  }

  #numberJob(job: number): number {
    if (job < 10 ** maximumDigits) return job;
    const number = this.#longJobs.get(job) ?? -2 - this.#longJobs.size;
    this.#longJobs.set(job, number);
    return number;
  }
}

/** The few words that a field has in rules, numbered from 1; 0 is any other. */
export class WordNumbers {
  readonly words: string[] = [""];
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(texts: readonly string[]) {
    const words = new Set(texts);
    this.#mask = 2 ** Math.ceil(Math.log2(words.size * 4 + 4)) - 1;
    this.#slots = new Int32Array((this.#mask + 1) * 2);
    for (const word of words) {
      const hash = hashOf(word);
      if (this.find(hash) !== 0) throw new RangeError(`"${word}" has the hash of another word`);
      let slot = (hash ^ (hash >>> 16)) & this.#mask;
      while (this.#slots[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot * 2] = hash;
      this.#slots[slot * 2 + 1] = this.words.push(word) - 1;
    }
  }

  get count(): number {
    return this.words.length - 1;
  }

  /** By hash alone: a hit of the table must still be compared with the word. */
  find(hash: number): number {
    for (let slot = (hash ^ (hash >>> 16)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const number = this.#slots[slot * 2 + 1] ?? 0;
      if (number === 0 || this.#slots[slot * 2] === hash) return number;
    }
  }
}

/** What a field that is exact adds to the hash of a rule. */
export function nameShare(name: number): number {
  return Math.imul(name, 0x9e3779b1);
}

export function typeShare(type: number): number {
  return Math.imul(type + 64, 0x85ebca77);
}

export function jobShare(job: number): number {
  return Math.imul(job, 0xc2b2ae3d);
}

export function extraShare(extraHash: number): number {
  return Math.imul(extraHash, 0x27d4eb2f);
}

/** The hash of a rule: `shares` are those of its exact fields, joined by exclusive or. */
export function tupleHashOf(kind: number, shares: number): number {
  let hash = shares ^ Math.imul(kind, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function hashOf(text: string): number {
  let hash = offsetBasis;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  return hash;
}
