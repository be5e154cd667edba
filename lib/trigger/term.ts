import type { Context, Pattern, Span, Term, TriggerIssue } from "./ast.js";
import { doubtfulDash } from "./dash-doubt.js";
import { isGlobal } from "./event.js";
import { type Field, FieldReader } from "./field-reader.js";
import { describePattern, exactText, isAnything, matchesPattern, nothing } from "./pattern.js";
import { closest, slipOf } from "./suggestion.js";
import { parseTimeLiteral } from "./time-literal.js";
import type { OperatorToken, TermToken } from "./tokenize.js";
import { type EventType, eventNames, type GlobalType, globalTypes, type JobType, jobTypes } from "./vocabulary.js";
import { quoted } from "./wording.js";

const knownNames: ReadonlySet<string> = new Set(eventNames);
const digits = /^[0-9]+$/;

type TypeWithExtra = Exclude<EventType, "job">;

/** What each type's extra is; a job has none. */
const extraOf: Record<TypeWithExtra, string> = {
  subjob: "a subjob id",
  work: "the name or id of a work item",
  host: "a host name",
  time: "a time",
  repeat: "a time and an interval",
  globaltime: "a time",
  globalrepeat: "a time and an interval",
};

/**
 * Takes one event pattern of `text` apart; null where a mistake was found and reported. `before` is the operator in
 * front of it: a stray `and` or `or` in a work name is a likely reason for a pattern that makes no sense.
 */
export function parseTerm(
  text: string,
  token: TermToken,
  before: OperatorToken | null,
  issues: TriggerIssue[],
): Term | null {
  return token.broken ? null : new TermParser(text, token, before, issues).parse();
}

class TermParser {
  readonly #text: string;
  readonly #token: TermToken;
  readonly #before: OperatorToken | null;
  readonly #issues: TriggerIssue[];
  readonly #fields: FieldReader;
  #failed = false;

  constructor(text: string, token: TermToken, before: OperatorToken | null, issues: TriggerIssue[]) {
    this.#text = text;
    this.#token = token;
    this.#before = before;
    this.#issues = issues;
    this.#fields = new FieldReader(token);
  }

  parse(): Term | null {
    const head = this.#fields.next();
    if (head === null) return null;
    const word = exactText(head.pattern);
    const global = globalTypes.find((type) => type === word);
    return global === undefined ? this.#jobTerm(head) : this.#globalTerm(global, head);
  }

  #globalTerm(type: GlobalType, head: Field): Term | null {
    const extra = this.#fields.rest();
    return this.#term(nothing, [type], { kind: "global" }, this.#checkExtra(type, extra), { type: head.span });
  }

  #jobTerm(name: Field): Term | null {
    this.#checkName(name);
    const typeField = this.#fields.next();
    if (typeField === null || isEmpty(typeField)) {
      this.#error("TYPE", typeField?.span ?? this.#end(), "the event's type is missing", this.#typeMissingHint(name));
      return null;
    }
    const types = this.#types(typeField, name);
    if (types.length === 0) return null;
    const word = exactText(typeField.pattern);
    const type = types.find((each) => each === word);
    const [contextField, extra] = type === "job" ? this.#jobFields() : [this.#fields.next(), this.#fields.rest()];
    if (contextField === null || isEmpty(contextField)) {
      const hint = `write "self", "parent", a job's label or a job id behind the type`;
      this.#error("CONTEXT", contextField?.span ?? this.#end(), "the context is missing: whose event?", hint);
      return null;
    }
    const context = this.#context(contextField);
    const read = type !== undefined && type !== "job" ? this.#checkExtra(type, extra) : extra;
    if (types.every((each) => each === "job")) this.#warnOfJobExtra(extra);
    if (type === undefined) this.#warnOfUnwrittenExtra(types, extra, typeField);
    if (type === "time" || type === "repeat") this.#warnOfTimeName(name, type);
    if ((type === "work" || type === "subjob") && context?.kind === "label") this.#warnOfDash(contextField, extra);
    const fields = { name: name.span, type: typeField.span, context: contextField.span };
    return context === null ? null : this.#term(name.pattern, types, context, read, fields);
  }

  #term(
    name: Pattern,
    types: readonly EventType[],
    context: Context,
    extra: Field | null,
    fields: Term["fields"],
  ): Term | null {
    if (this.#failed) return null;
    const { span } = this.#token;
    return {
      kind: "term",
      text: this.#text.slice(span.start, span.end),
      span,
      name,
      types,
      context,
      extra: extra?.pattern ?? nothing,
      fields: extra === null ? fields : { ...fields, extra: extra.span },
    };
  }

  /** A keyword or id up to the next dash is a context and the rest an extra; anything else is one label to the end. */
  #jobFields(): [Field | null, Field | null] {
    const mark = this.#fields.mark();
    const context = this.#fields.next();
    if (context?.bare !== undefined && isKeyword(context)) return [context, this.#fields.rest()];
    this.#fields.reset(mark);
    return [this.#fields.rest(), null];
  }

  #checkName(name: Field): void {
    if (isEmpty(name)) {
      this.#error("NAME", name.span, "the event's name is empty", `write "*" for any name`);
      return;
    }
    if (name.pattern.some((piece) => piece.includes("-"))) {
      this.#error("NAME", name.span, "an event's name cannot hold a dash", "leave it out: no event would ever match");
      return;
    }
    const word = exactText(name.pattern);
    if (word === undefined || knownNames.has(word)) return;
    const meant = closest(word, eventNames);
    if (meant === undefined) {
      this.#warnOfBlankInName(name);
      return;
    }
    this.#warn("NAME", name.span, `${quoted(word)} is no known event name`, `did you mean "${meant}"?`);
  }

  #warnOfBlankInName(name: Field): void {
    const { bare } = name;
    if (bare === undefined || !/\S\s+\S/.test(bare)) return;
    const hint = /^not\s/i.test(bare)
      ? "there is no not: name the events that are to fire"
      : "join events with && or ||; quote the name if the blank belongs to it";
    this.#warn("NAME", name.span, `${quoted(bare)} is one name with a blank in it`, hint);
  }

  #types(field: Field, name: Field): JobType[] {
    const word = exactText(field.pattern);
    const fitting = jobTypes.filter((type) => matchesPattern(field.pattern, type));
    if (fitting.length > 0) return fitting;
    if (word !== undefined && globalTypes.some((type) => type === word)) {
      this.#error("TYPE", field.span, `a ${word} event has no name and no job`, `write "${globalForm(word)}"`);
      return [];
    }
    const message =
      word === undefined
        ? `no event type fits ${quoted(describePattern(field.pattern))}`
        : `${quoted(word)} is no event type`;
    this.#error("TYPE", field.span, message, this.#typeHint(word, name));
    return [];
  }

  #typeHint(word: string | undefined, name: Field): string {
    const nameWord = exactText(name.pattern) ?? "";
    const global = closest(nameWord, globalTypes);
    if (global !== undefined) return `did you mean "${global}"? It is written "${globalForm(global)}"`;
    const meant = word === undefined ? undefined : closest(word, jobTypes);
    if (meant !== undefined) return `did you mean "${meant}"?`;
    if (jobTypes.some((type) => type === nameWord)) return `the name comes first, such as "complete-${nameWord}-self"`;
    return `the types are ${jobTypes.join(", ")}`;
  }

  #typeMissingHint(name: Field): string {
    if (this.#before?.word) {
      const word = this.#text.slice(this.#before.span.start, this.#before.span.end);
      return `an event is written name-type-context; if "${word}" belongs to the name before it, quote that name`;
    }
    const example = exactText(name.pattern) ?? "";
    return `an event is written name-type-context, such as "${knownNames.has(example) ? example : "complete"}-job-self"`;
  }

  #context(field: Field): Context | null {
    if (field.bare !== undefined) {
      if (field.bare === "self" || isAnything(field.pattern)) return { kind: "self" };
      if (field.bare === "parent") return { kind: "parent" };
      if (digits.test(field.bare)) return this.#fixedJob(field, Number(field.bare));
      this.#warnOfDoubtfulLabel(field, field.bare);
    }
    return { kind: "label", label: field.pattern };
  }

  #warnOfDoubtfulLabel(field: Field, label: string): void {
    const meant = label.includes("*") ? undefined : slipOf(label, ["self", "parent"]);
    if (meant !== undefined) {
      const hint = `did you mean "${meant}"? Quote it if it is a label`;
      this.#warn("CONTEXT", field.span, `${quoted(label)} is taken for a job's label`, hint);
    } else if (label.includes(",")) {
      const hint = "join events with ||; quote the label if the comma belongs to it";
      this.#warn("CONTEXT", field.span, `all of ${quoted(label)} is taken for one label`, hint);
    }
  }

  #warnOfDash(label: Field, extra: Field | null): void {
    const hint = doubtfulDash(label, extra);
    if (hint === null || extra === null) return;
    const span = { start: label.span.start, end: extra.span.end };
    const message = `the label ends at the first dash: it is ${quoted(label.bare ?? "")}, and ${quoted(extra.bare ?? "")} the extra`;
    this.#warn("CONTEXT", span, message, hint);
  }

  #fixedJob(field: Field, id: number): Context | null {
    if (id < 1 || !Number.isSafeInteger(id)) {
      const hint = "job ids go from 1 to 2^53-1; quote the digits if they are a label";
      this.#error("CONTEXT", field.span, `${quoted(field.bare ?? "")} is no job id`, hint);
      return null;
    }
    const hint = `write "self" or a label; quote the digits if they are a label`;
    this.#warn("FIXED_JOB", field.span, `this can only ever be about job ${id}`, hint);
    return { kind: "job", id };
  }

  /** Returns the extra as events have it: a time of day is Qube time there. */
  #checkExtra(type: TypeWithExtra, extra: Field | null): Field | null {
    if (extra === null || isEmpty(extra)) {
      const hint = isGlobal(type) ? `write "${globalForm(type)}"` : `append it behind a dash, or "-*" for any`;
      this.#error("EXTRA_MISSING", extra?.span ?? this.#end(), `a ${type} event needs ${extraOf[type]}`, hint);
      return extra;
    }
    const word = exactText(extra.pattern);
    if (word === undefined || type === "subjob" || type === "work" || type === "host") return extra;
    const text = this.#withQubeTime(word, extra.span);
    if (text === null) return extra;
    if (type === "time" || type === "globaltime") this.#checkTime(text, extra.span);
    else this.#checkRepeat(type, text, extra.span);
    return { ...extra, pattern: [text] };
  }

  /** The text with a time of day in Qube time; null if there is no such time, which is reported. */
  #withQubeTime(word: string, span: Span): string | null {
    const literal = parseTimeLiteral(word);
    if (literal === undefined) return word;
    const { time, interval } = literal;
    if (time !== null) return interval === undefined ? String(time) : `${time}-${interval}`;
    const hint = "write it as 2026-12-24T18:00:00Z; Qube time begins at 2000-01-01T05:00:00Z";
    this.#error("TIME", span, `${quoted(word)} is no time of day`, hint);
    return null;
  }

  #checkTime(word: string, span: Span): void {
    if (isWholeNumber(word)) return;
    const hint =
      "a time is a whole number of seconds, at most 2^53-1, a time of day such as 2026-12-24T18:00:00Z, or a pattern with *";
    this.#error("TIME", span, `${quoted(word)} is no time`, hint);
  }

  #checkRepeat(type: EventType, word: string, span: Span): void {
    const dash = word.indexOf("-");
    const form = isGlobal(type) ? globalForm(type) : `<name>-${type}-<context>-<time>-<interval>`;
    if (dash < 0) {
      const message = isWholeNumber(word) ? "the interval is missing" : `${quoted(word)} is no time and interval`;
      this.#error(
        "TIME",
        span,
        message,
        `write "${form}": the interval in whole seconds, the time so too or as 2026-12-24T18:00:00Z`,
      );
      return;
    }
    if (!isWholeNumber(word.slice(0, dash))) this.#checkTime(word.slice(0, dash), span);
    const interval = word.slice(dash + 1);
    if (isWholeNumber(interval) && Number(interval) >= 1) return;
    const hint = "an interval is a whole number of seconds, from 1 to 2^53-1";
    this.#error("TIME", span, `${quoted(interval)} is no interval`, hint);
  }

  #warnOfJobExtra(extra: Field | null): void {
    if (extra === null) return;
    this.#warn("JOB_EXTRA", extra.span, "a job event has no extra", "leave out the dash and what follows it");
  }

  #warnOfUnwrittenExtra(types: readonly EventType[], extra: Field | null, typeField: Field): void {
    if (extra !== null || types.every((type) => type === "job")) return;
    const message = "without an extra this matches only events that have none";
    this.#warn("EXTRA_MISSING", typeField.span, message, `append "-*" for any extra`);
  }

  #warnOfTimeName(name: Field, type: EventType): void {
    if (isEmpty(name) || matchesPattern(name.pattern, "dummy")) return;
    const message = `${type} events are named "dummy"`;
    this.#warn(
      "TIME_NAME",
      name.span,
      message,
      `write "dummy-${type}-…" unless the supervisor has such events of its own`,
    );
  }

  #end(): Span {
    return { start: this.#token.span.end, end: this.#token.span.end };
  }

  #error(code: string, span: Span, message: string, hint: string): void {
    this.#failed = true;
    this.#issues.push({ severity: "error", code: `ERR_UCB_TRIGGER_${code}`, message, span, hint });
  }

  #warn(code: string, span: Span, message: string, hint: string): void {
    this.#issues.push({ severity: "warning", code: `WARN_UCB_TRIGGER_${code}`, message, span, hint });
  }
}

function isEmpty(field: Field): boolean {
  return exactText(field.pattern) === "";
}

function isKeyword(field: Field): boolean {
  const { bare } = field;
  return bare === "self" || bare === "parent" || isAnything(field.pattern) || digits.test(bare ?? "");
}

function isWholeNumber(text: string): boolean {
  return digits.test(text) && Number.isSafeInteger(Number(text));
}

function globalForm(type: string): string {
  return type === "globaltime" ? "globaltime-<time>" : "globalrepeat-<time>-<interval>";
}
