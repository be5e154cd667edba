import { argumentError, isObject } from "../argument-error.js";
import type { Context, Expression, Pattern, Term, Trigger } from "./ast.js";
import { isTrigger } from "./is-trigger.js";
import { ruleDigest, ruleIdentity } from "./memories.js";
import { type EventType, eventTypes } from "./vocabulary.js";

/** A trigger and what it fires. */
export interface Rule {
  /** The number the matcher answers with, 0 to 2^30-1; several rules may share it. */
  callback: number;
  /** What names the callback across reloads: with the same key and the same trigger text, memories survive. */
  key: string;
  trigger: Trigger;
}

const magic = 0x31424355;
const version = 1;
const andCode = 0xfffffffe;
const orCode = 0xffffffff;
const contextKinds: Record<Context["kind"], number> = { self: 0, parent: 1, job: 2, label: 3, global: 4 };
const typeBits = new Map<EventType, number>(eventTypes.map((type, index) => [type, 1 << index]));

/**
 * Compiles rules to the program that `native/core/trigger/FORMAT.md` describes. The same rule written twice is
 * compiled once: it could not fire a second time anyway.
 * @throws UcbError `ERR_UCB_ARGUMENT` for a callback number out of range
 */
export function compileProgram(rules: readonly Rule[]): Uint8Array {
  const program = new ProgramBuilder();
  for (const rule of rules) program.add(rule);
  return program.build();
}

class ProgramBuilder {
  readonly #rules: number[] = [];
  readonly #terms: number[] = [];
  readonly #patterns: number[] = [];
  readonly #segments: number[] = [];
  readonly #code: number[] = [];
  readonly #pool: string[] = [];
  #poolBytes = 0;
  readonly #texts = new Map<string, number>();
  readonly #exactPatterns = new Map<string, number>();
  readonly #wildPatterns = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  /** The callbacks of each identity seen; nearly always there is one, and then no set is made. */
  readonly #callbacks = new Map<string, number | Set<number>>();

  add(rule: Rule): void {
    if (!isObject(rule)) throw argumentError("a rule", "an object", rule);
    const { callback, key, trigger } = rule;
    if (!Number.isInteger(callback) || callback < 0 || callback >= 2 ** 30) {
      throw argumentError("callback number", "a whole number from 0 to 2^30-1", callback);
    }
    if (typeof key !== "string") throw argumentError("the key of a rule", "a string", key);
    if (!isTrigger(trigger)) throw argumentError("the trigger of a rule", "a parsed trigger", trigger);
    const digest = this.#digest(callback, ruleIdentity(key, trigger));
    if (digest === null) return;
    const firstTerm = this.#terms.length / 6;
    const code: number[] = [];
    const count = this.#expression(trigger.expression, code);
    this.#rules.push(callback, digest.readUInt32LE(0), digest.readUInt32LE(4), trigger.remembers ? 1 : 0);
    this.#rules.push(firstTerm, count, this.#codeAt(code), code.length);
  }

  build(): Uint8Array {
    const tables = [this.#rules, this.#terms, this.#patterns, this.#segments, this.#code];
    const counts = [
      this.#rules.length / 8,
      this.#terms.length / 6,
      this.#patterns.length / 2,
      this.#segments.length / 2,
    ];
    const header = [magic, version, ...counts, this.#code.length, this.#poolBytes];
    const words = tables.reduce((sum, table) => sum + table.length, header.length);
    const program = Buffer.alloc(words * 4 + this.#poolBytes);
    // Both platforms are little-endian, so a view of words writes what the format asks for.
    const view = new Uint32Array(program.buffer, program.byteOffset, words);
    let at = 0;
    for (const table of [header, ...tables]) {
      view.set(table, at);
      at += table.length;
    }
    let offset = words * 4;
    for (const text of this.#pool) offset += program.write(text, offset, "utf8");
    return program;
  }

  /** Null for a rule that is there already; two callbacks under one key get different digests. */
  #digest(callback: number, identity: string): Buffer | null {
    const known = this.#callbacks.get(identity);
    if (known === undefined) {
      this.#callbacks.set(identity, callback);
      return ruleDigest(identity);
    }
    const callbacks = typeof known === "number" ? new Set([known]) : known;
    if (callbacks.has(callback)) return null;
    callbacks.add(callback);
    this.#callbacks.set(identity, callbacks);
    return ruleDigest(`${identity}\0${callbacks.size}`);
  }

  /** Appends the terms from left to right and their code; returns how many there are. */
  #expression(expression: Expression, code: number[]): number {
    let count = 0;
    const numberTerms = (part: Expression): Numbered => {
      if (part.kind === "term") {
        this.#term(part);
        count += 1;
        return { term: count - 1, need: 1 };
      }
      const operands = part.operands.map(numberTerms);
      // The operand that needs the deepest stack goes first, so that the depth grows with the logarithm of the terms.
      operands.sort((one, other) => other.need - one.need);
      const need = Math.max(operands[0]?.need ?? 1, (operands[1]?.need ?? 0) + 1);
      return { operator: part.kind === "and" ? andCode : orCode, operands, need };
    };
    emit(numberTerms(expression), code);
    return count;
  }

  #term(term: Term): void {
    let mask = 0;
    for (const type of term.types) mask |= typeBits.get(type) ?? 0;
    const { context } = term;
    let low = 0;
    let high = 0;
    if (context.kind === "label") low = this.#pattern(context.label);
    if (context.kind === "job") {
      low = context.id >>> 0;
      high = Math.floor(context.id / 2 ** 32);
    }
    this.#terms.push(this.#pattern(term.name), mask, contextKinds[context.kind], low, high, this.#pattern(term.extra));
  }

  #pattern(pattern: Pattern): number {
    const [table, identity] =
      pattern.length === 1 ? [this.#exactPatterns, pattern[0] ?? ""] : [this.#wildPatterns, JSON.stringify(pattern)];
    const known = table.get(identity);
    if (known !== undefined) return known;
    const index = this.#patterns.length / 2;
    table.set(identity, index);
    this.#patterns.push(this.#segments.length / 2, pattern.length);
    for (const piece of pattern) this.#segment(piece);
    return index;
  }

  #segment(text: string): void {
    const length = Buffer.byteLength(text, "utf8");
    let offset = this.#texts.get(text);
    if (offset === undefined) {
      offset = this.#poolBytes;
      this.#texts.set(text, offset);
      this.#pool.push(text);
      this.#poolBytes += length;
    }
    this.#segments.push(offset, length);
  }

  #codeAt(code: readonly number[]): number {
    const identity = code.join();
    const known = this.#codes.get(identity);
    if (known !== undefined) return known;
    const at = this.#code.length;
    this.#codes.set(identity, at);
    for (const word of code) this.#code.push(word);
    return at;
  }
}

/** Part of an expression with its terms numbered; `need` is how deep a stack its code takes. */
type Numbered = { need: number } & ({ term: number } | { operator: number; operands: readonly Numbered[] });

function emit(part: Numbered, code: number[]): void {
  if ("term" in part) {
    code.push(part.term);
    return;
  }
  part.operands.forEach((operand, index) => {
    emit(operand, code);
    if (index > 0) code.push(part.operator);
  });
}
