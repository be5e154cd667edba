import { hash } from "node:crypto";
import type { Trigger } from "./ast.js";

/** What is remembered for one rule: which of its terms have happened, as numbers from 0 in the order of its text. */
export interface RuleMemory {
  /** See {@link ruleKey}. */
  key: string;
  satisfied: number[];
}

const headerBytes = 12;

/** What names a rule in exported memories: as hexadecimal digits, the callback's key and the trigger's text hashed. */
export function ruleKey(key: string, trigger: Trigger): string {
  return ruleDigest(ruleIdentity(key, trigger)).toString("hex", 0, 8);
}

/** The callback's key and the trigger's text: rules that agree in both are told apart by their order. */
export function ruleIdentity(key: string, trigger: Trigger): string {
  return `${key}\0${trigger.text}`;
}

/** The rule's key as the program has it is in the first eight bytes. */
export function ruleDigest(identity: string): Buffer {
  return hash("sha1", identity, "buffer");
}

/** Reads what a matcher exported of one owner; the format is in native/core/trigger/FORMAT.md. */
export function readMemories(exported: Uint8Array): RuleMemory[] {
  const bytes = Buffer.from(exported.buffer, exported.byteOffset, exported.byteLength);
  const memories: RuleMemory[] = [];
  for (let at = headerBytes; at < bytes.length; ) {
    const key = bytes.toString("hex", at, at + 8);
    const count = bytes.readUInt32LE(at + 8);
    at += 12;
    const satisfied: number[] = [];
    for (let term = 0; term < count; term++) {
      if ((((bytes[at + (term >> 3)] ?? 0) >> (term & 7)) & 1) === 1) satisfied.push(term);
    }
    at += Math.ceil(count / 8);
    memories.push({ key, satisfied });
  }
  return memories;
}
