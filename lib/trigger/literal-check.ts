import type { GlobalType, JobType } from "./vocabulary.js";

/**
 * The grammar of `parse.ts` once more, for the type checker: rejects only what is certain to be refused at run time.
 * Every recursion is a tail call, and takes no more steps than the compiler's limit of 1,000.
 */

/** `unknown` for text that may be a trigger, else an object type that no string is assignable to and that says why. */
export type CheckTrigger<T extends string> = [ErrorOf<T>] extends [never] ? unknown : ErrorOf<T>;

/** Shown in the compiler's message where a literal is malformed. */
export interface TriggerError<Message extends string> {
  "trigger error": Message;
}

/** Never for good text; distributes over unions, so that each member must be good. */
type ErrorOf<T extends string> = T extends unknown
  ? IsLiteral<T> extends false
    ? never
    : T extends `${string}${Operator}${string}`
      ? never
      : IsTooLong<T> extends true
        ? never
        : Result<CheckQuotes<NormalizeSpaces<T>>>
  : never;

type Result<Message extends string> = [Message] extends [never] ? never : TriggerError<Message>;

/** False for `string` and for template types such as `done-job-${string}`: they make an index signature, not a key. */
type IsLiteral<T extends string> = Record<never, never> extends Record<T, 1> ? false : true;

/** Text of more than 480 characters takes too many steps. */
type IsTooLong<S extends string, Steps extends readonly 0[] = []> = Steps["length"] extends 30
  ? true
  : S extends `${infer _1}${infer _2}${infer _3}${infer _4}${infer _5}${infer _6}${infer _7}${infer _8}${infer _9}${infer _10}${infer _11}${infer _12}${infer _13}${infer _14}${infer _15}${infer _16}${infer Rest}`
    ? IsTooLong<Rest, [...Steps, 0]>
    : false;

type ReplaceAll<
  S extends string,
  From extends string,
  To extends string,
  Done extends string = "",
> = S extends `${infer Head}${From}${infer Tail}` ? ReplaceAll<Tail, From, To, `${Done}${Head}${To}`> : `${Done}${S}`;

// White space other than " ", one by one: a union in a pattern would be matched in several places at once.
type RareSpaces = [
  "\t",
  "\n",
  "\v",
  "\f",
  "\r",
  "\u00a0",
  "\u1680",
  "\u2000",
  "\u2001",
  "\u2002",
  "\u2003",
  "\u2004",
  "\u2005",
  "\u2006",
  "\u2007",
  "\u2008",
  "\u2009",
  "\u200a",
  "\u2028",
  "\u2029",
  "\u202f",
  "\u205f",
  "\u3000",
  "\ufeff",
];

type NormalizeSpaces<S extends string> = S extends `${string}${RareSpaces[number]}${string}`
  ? ReplaceSpaces<S, RareSpaces>
  : S;

type ReplaceSpaces<S extends string, Spaces extends readonly string[]> = Spaces extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? ReplaceSpaces<ReplaceAll<S, First, " ">, Rest>
  : S;

/** Stands for quoted text, which is never looked into. */
type Quoted = "…";

/** Stands for any operator: which of them it is makes no difference to whether an expression is well formed. */
type Operator = "\u0002";

/** Puts {@link Quoted} in the place of every quoted text; the quote that opens first decides. */
type CheckQuotes<S extends string, Done extends string = ""> = S extends `${infer Head}'${infer Tail}`
  ? Head extends `${infer Before}"${infer _}`
    ? SkipQuoted<S, Before, '"', Done>
    : Tail extends `${infer _}'${infer After}`
      ? CheckQuotes<After, `${Done}${Head}${Quoted}`>
      : "a quote is never closed"
  : S extends `${infer Before}"${infer _}`
    ? SkipQuoted<S, Before, '"', Done>
    : CheckExpression<`${Done}${S}`>;

type SkipQuoted<
  S extends string,
  Before extends string,
  Quote extends string,
  Done extends string,
> = S extends `${Before}${Quote}${infer _}${Quote}${infer After}`
  ? CheckQuotes<After, `${Done}${Before}${Quoted}`>
  : "a quote is never closed";

type CheckExpression<S extends string> = CheckSymbols<
  ReplaceAll<
    ReplaceAll<MarkWords<`${ReplaceAll<ReplaceAll<S, "(", " ( ">, ")", " ) ">} `>, "&&", Operator>,
    "||",
    Operator
  >
>;

/** Puts {@link Operator} in the place of the words `and` and `or`, which must stand alone; every word ends with one space. */
type MarkWords<S extends string, Done extends string = ""> = S extends `${infer Word} ${infer Rest}`
  ? Word extends ""
    ? MarkWords<Rest, Done>
    : MarkWords<Rest, `${Done}${Lowercase<Word> extends "and" | "or" ? Operator : Word} `>
  : Done;

type CheckSymbols<S extends string> = S extends `${string}&${string}`
  ? '"&" is no operator, write "&&"'
  : S extends `${string}|${string}`
    ? '"|" is no operator, write "||"'
    : Scan<ReplaceAll<S, Operator, ` ${Operator} `>>;

/**
 * Reads the expression word by word. `Term` is the event pattern being read, `State` says whether one may begin,
 * `Open` holds the parentheses that are open.
 */
type Scan<
  S extends string,
  Term extends string = "",
  State extends "start" | "operand" | "opened" | "done" = "start",
  Open extends string = "",
> = S extends `${infer Word} ${infer Rest}`
  ? Word extends ""
    ? Scan<Rest, Term, State, Open>
    : Word extends "("
      ? Term extends ""
        ? State extends "done"
          ? "an operator is missing before an opening parenthesis"
          : Scan<Rest, "", "opened", `(${Open}`>
        : `an operator is missing behind "${Term}"`
      : Word extends ")" | Operator
        ? Term extends ""
          ? State extends "done"
            ? Continue<Word, Rest, Open>
            : Missing<State, Word>
          : [CheckTerm<Term>] extends [never]
            ? Continue<Word, Rest, Open>
            : CheckTerm<Term>
        : Term extends ""
          ? State extends "done"
            ? `an operator is missing before "${Word}"`
            : Scan<Rest, Word, State, Open>
          : Scan<Rest, `${Term} ${Word}`, State, Open>
  : Term extends ""
    ? State extends "done"
      ? Unclosed<Open>
      : Missing<State, "">
    : [CheckTerm<Term>] extends [never]
      ? Unclosed<Open>
      : CheckTerm<Term>;

/** Goes on behind a complete operand. */
type Continue<Word extends string, Rest extends string, Open extends string> = Word extends Operator
  ? Scan<Rest, "", "operand", Open>
  : Open extends `(${infer Outer}`
    ? Scan<Rest, "", "done", Outer>
    : "a closing parenthesis closes nothing";

type Missing<State extends string, Word extends string> = State extends "start"
  ? Word extends ""
    ? "the trigger is empty"
    : "an event is missing at the start"
  : State extends "opened"
    ? "an event is missing behind an opening parenthesis"
    : "an event is missing behind an operator";

type Unclosed<Open extends string> = Open extends "" ? never : "a parenthesis is never closed";

/** Never for an event pattern without a certain mistake. */
type CheckTerm<Term extends string> = Term extends `${infer Name}-${infer Rest}`
  ? Name extends GlobalType
    ? CheckExtra<Term, Name, Rest>
    : Name extends ""
      ? `the name is empty in "${Term}"`
      : Rest extends `${infer Type}-${infer After}`
        ? CheckType<Term, Type, After>
        : CheckType<Term, Rest, "">
  : Term extends GlobalType
    ? `${Term} needs its time`
    : `"${Term}" has no type: an event is written name-type-context`;

type CheckType<
  Term extends string,
  Type extends string,
  After extends string,
> = Type extends `${string}${Quoted}${string}`
  ? never
  : Type extends `${string}*${string}`
    ? [Extract<JobType, Glob<Type>>] extends [never]
      ? `no event type fits "${Type}" in "${Term}"`
      : CheckContext<Term, After>
    : Type extends JobType
      ? Type extends "job"
        ? CheckJobContext<Term, After>
        : After extends `${infer Context}-${infer Extra}`
          ? [CheckContext<Term, Context>] extends [never]
            ? CheckExtra<Term, Type, Extra>
            : CheckContext<Term, Context>
          : [CheckContext<Term, After>] extends [never]
            ? CheckExtra<Term, Type, "">
            : CheckContext<Term, After>
      : Type extends GlobalType
        ? `a ${Type} event has no name and no job, but "${Term}" names one`
        : `"${Type}" is no event type in "${Term}"`;

/** The pattern as a template type. */
type Glob<Pattern extends string, Done extends string = ""> = Pattern extends `${infer Head}*${infer Tail}`
  ? Glob<Tail, `${Done}${Head}${string}`>
  : `${Done}${Pattern}`;

/** `After` may go on behind the context. */
type CheckContext<Term extends string, After extends string> = After extends "" | `-${string}`
  ? `the context is missing in "${Term}"`
  : After extends "0" | `0-${string}`
    ? `0 is no job id in "${Term}"`
    : never;

/** A label of type job may begin with a dash. */
type CheckJobContext<Term extends string, After extends string> = After extends `-${string}`
  ? never
  : CheckContext<Term, After>;

type CheckExtra<Term extends string, Type extends string, Extra extends string> = Extra extends ""
  ? `a ${Type} event needs an extra, but "${Term}" has none`
  : Extra extends `${string}${"*" | Quoted}${string}`
    ? never
    : Extra extends TimeOfDay
      ? never
      : Type extends "time" | "globaltime"
        ? IsDigits<Extra> extends true
          ? never
          : `"${Extra}" is no time in "${Term}"`
        : Type extends "repeat" | "globalrepeat"
          ? CheckRepeat<Term, Extra>
          : never;

/** What may be ISO 8601 is judged at run time. */
type TimeOfDay = `${number}-${string}T${string}:${string}`;

type CheckRepeat<Term extends string, Extra extends string> = Extra extends `${infer Time}-${infer Interval}`
  ? [IsDigits<Time>, IsDigits<Interval>, Interval] extends [true, true, Exclude<Interval, "0">]
    ? never
    : `"${Extra}" is no time and interval in "${Term}"`
  : `the interval is missing in "${Term}"`;

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

type IsDigits<S extends string> = S extends `${Digit}${infer Rest}` ? (Rest extends "" ? true : IsDigits<Rest>) : false;
