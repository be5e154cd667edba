import type { EventType } from "./vocabulary.js";

/** A half-open range of UTF-16 offsets into the trigger's text. */
export interface Span {
  start: number;
  end: number;
}

/**
 * Text with wildcards: the literal pieces between them. One piece is an exact text, `["", ""]` is `*`,
 * `["10", ""]` is `10*`. Quoted stars are part of a piece.
 */
export type Pattern = readonly string[];

/** For which job a term stands. */
export type Context =
  /** The event's own job: `self` and `*`. */
  | { kind: "self" }
  /** Every attached job whose `pid` is the event's job. */
  | { kind: "parent" }
  /** One job for ever. */
  | { kind: "job"; id: number }
  /** Every attached job that shares the process group with the event's job, whose label matches. */
  | { kind: "label"; label: Pattern }
  /** Global time events: no job at all; the owner is 0. */
  | { kind: "global" };

/** One event pattern of an expression. */
export interface Term {
  kind: "term";
  /** As written, trimmed. */
  text: string;
  span: Span;
  name: Pattern;
  /** The types it can match, in the order of the vocabulary; a wildcard lists all that fit. */
  types: readonly EventType[];
  context: Context;
  /** `[""]` where none was written: then only events without extra match. */
  extra: Pattern;
  /** Where each field stands, for diagnostics; a field that was not written has no span. */
  fields: { name?: Span; type: Span; context?: Span; extra?: Span };
}

/** Expressions that are joined by `&&` or `||`. */
export interface Operation {
  kind: "and" | "or";
  /** Two or more, in order; nested operations of the same kind are flattened. */
  operands: readonly Expression[];
  span: Span;
}

/** What a trigger consists of. */
export type Expression = Term | Operation;

/** A parsed trigger. */
export interface Trigger {
  /** The whole text as given. */
  text: string;
  expression: Expression;
  /** Its terms from left to right. */
  terms: readonly Term[];
  /** Contains `&&`, and therefore remembers per owner job what has happened. */
  remembers: boolean;
}

/** Something wrong or doubtful in a trigger's text. */
export interface TriggerIssue {
  severity: "error" | "warning";
  /** Stable: `ERR_UCB_TRIGGER_…` or `WARN_UCB_TRIGGER_…`. */
  code: string;
  message: string;
  span: Span;
  hint?: string;
}
