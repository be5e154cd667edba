import { describe, expectTypeOf, it } from "vitest";
import type { Trigger } from "../../lib/trigger/ast.js";
import { trigger } from "../../lib/trigger/literal.js";
import type { CheckTrigger } from "../../lib/trigger/literal-check.js";

type Accepted<T extends string> = unknown extends CheckTrigger<T> ? true : false;
type MessageOf<T extends string> = CheckTrigger<T> extends { "trigger error": infer Message } ? Message : never;

describe("literals that are triggers", () => {
  it("compile with every type and context", () => {
    expectTypeOf(trigger("complete-job-self")).toEqualTypeOf<Trigger>();
    trigger("running-job-19294");
    trigger("complete-subjob-self-2");
    trigger("done-job-hello");
    trigger("done-job-a label with-dashes");
    trigger("done-job--x");
    trigger("failed-job-self-*");
    trigger("running-host-self-node01");
    trigger("dummy-time-self-3600");
    trigger("dummy-time-self-0042");
    trigger("dummy-repeat-parent-3600-60");
    trigger("globaltime-3600");
    trigger("globaltime-2026-12-24T18:00:00Z");
    trigger("dummy-repeat-self-2026-12-24T18:00-05:00-3600");
    trigger("globalrepeat-3600-60");
    trigger("globalrepeat-*");
    trigger("timeout-work-self-*");
    trigger("complete-work-self-1-10");
    trigger("complete-work-self-sandor x");
    trigger("approved-work-self-*");
    trigger("and-job-self");
  });

  it("compile with operators and parentheses", () => {
    trigger("complete-job-self && complete-job-parent");
    trigger("running-job-sibling && done-job-self");
    trigger("(complete-work-ribgen-5 && complete-work-render-5) || complete-work-composite-5");
    trigger("a-job-self&&b-job-self||c-job-self");
    trigger("a-job-self AND b-job-self Or (c-job-self)and(d-job-self)");
    trigger(" ( ( a-job-self ) ) ");
    trigger("a-job-self\n\t&& b-job-self\u00a0or\u3000globaltime-5");
    // "and" is no operator behind one: the name is "and b".
    trigger("a-job-self &&and b-job-self");
    trigger("complete-work-self-sand or complete-work-self-organ");
  });

  it("compile with wildcards", () => {
    trigger("*-job-self");
    trigger("*-*-*-*");
    trigger("*-w*k-self-frame_*_beauty");
    trigger("*-*job-self");
    trigger("complete-**-10*-*");
  });

  it("compile with quotes, whatever stands in them", () => {
    trigger("complete-work-self-'my and work'");
    trigger(`complete-work-"a-label"-')('`);
    trigger(`done-job-'it"s' || done-job-"it's && (that"`);
    trigger("complete-'work'-self-1");
    trigger(`complete-work-'5 & "6"'-'|'`);
    trigger("'complete'-job-'a'and'b'");
  });

  it("compile when they are long or deep", () => {
    type Twice<S extends string> = `${S}${S}`;
    type Open10 = Twice<"(((((">;
    type Close10 = Twice<")))))">;
    type Open200 = Twice<Twice<`${Open10}${Open10}${Open10}${Open10}${Open10}`>>;
    type Close200 = Twice<Twice<`${Close10}${Close10}${Close10}${Close10}${Close10}`>>;
    type Term = "complete-work-self-17 && ";
    type Fifteen =
      `${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}${Term}`;
    type Spaces = Twice<Twice<Twice<Twice<Twice<"          ">>>>>;
    type Commas = Twice<Twice<Twice<Twice<Twice<Twice<Twice<Twice<Twice<"a ">>>>>>>>>;
    expectTypeOf<Accepted<`${Open200}a-job-self${Close200}`>>().toEqualTypeOf<true>();
    expectTypeOf<Accepted<`${Fifteen}done-job-self`>>().toEqualTypeOf<true>();
    expectTypeOf<Accepted<`${Fifteen}done-jo-self`>>().toEqualTypeOf<false>();
    expectTypeOf<Accepted<`${Spaces}done-job-self${Spaces}`>>().toEqualTypeOf<true>();
    expectTypeOf<Accepted<`done-job-${Commas}${Commas}${Commas}`>>().toEqualTypeOf<true>();
    // Beyond 480 characters the compiler does not look; run time does.
    expectTypeOf<Accepted<`${Fifteen}${Fifteen}done-jo-self`>>().toEqualTypeOf<true>();
  });

  it("are all that is looked at: other strings are accepted", () => {
    const text: string = "done-job-self";
    const label = "hello" as string;
    const frame = 17 as number;
    trigger(text);
    trigger(`done-job-${label}` as const);
    trigger(`done-work-self-${frame}` as const);
    trigger(text === "" ? "done-job-self" : "done-job-parent");
  });
});

describe("literals that are no triggers do not compile", () => {
  // Never called: every line would throw.
  const lines = () => {
    // @ts-expect-error empty
    trigger("");
    // @ts-expect-error white space only
    trigger(" \t");
    // @ts-expect-error no type
    trigger("complete");
    // @ts-expect-error no type
    trigger("complete-");
    // @ts-expect-error empty type
    trigger("complete--self");
    // @ts-expect-error empty name
    trigger("-job-self");
    // @ts-expect-error unknown type
    trigger("complete-wrok-self-1");
    // @ts-expect-error types are written in lower case
    trigger("complete-Job-self");
    // @ts-expect-error white space belongs to the type
    trigger("complete - job - self");
    // @ts-expect-error no type fits
    trigger("complete-x*-self");
    // @ts-expect-error a pattern fits no global type
    trigger("complete-global*-self");
    // @ts-expect-error no context
    trigger("complete-job");
    // @ts-expect-error empty context
    trigger("complete-job-");
    // @ts-expect-error empty context
    trigger("complete-work--5");
    // @ts-expect-error no context behind a pattern
    trigger("complete-*");
    // @ts-expect-error no job id
    trigger("complete-job-0");
    // @ts-expect-error no extra
    trigger("complete-work-self");
    // @ts-expect-error empty extra
    trigger("complete-subjob-self-");
    // @ts-expect-error no extra
    trigger("running-host-self");
    // @ts-expect-error no time
    trigger("dummy-time-self");
    // @ts-expect-error no whole number
    trigger("dummy-time-self-noon");
    // @ts-expect-error no whole number
    trigger("dummy-time-self--5");
    // @ts-expect-error no interval
    trigger("dummy-repeat-self-5");
    // @ts-expect-error no interval
    trigger("dummy-repeat-self-5-0");
    // @ts-expect-error no time
    trigger("globaltime");
    // @ts-expect-error no time
    trigger("globaltime-");
    // @ts-expect-error no whole number
    trigger("globaltime-5s");
    // @ts-expect-error no interval
    trigger("globalrepeat-5");
    // @ts-expect-error no whole number
    trigger("globalrepeat-5-x");
    // @ts-expect-error a global event has no name
    trigger("complete-globaltime-5");
    // @ts-expect-error a global event has no name
    trigger("x-globalrepeat-5-6");
    // @ts-expect-error dangling operator
    trigger("a-job-self &&");
    // @ts-expect-error dangling operator
    trigger("|| a-job-self");
    // @ts-expect-error dangling operator
    trigger("a-job-self and");
    // @ts-expect-error dangling operator
    trigger("(a-job-self or ) && b-job-self");
    // @ts-expect-error doubled operator
    trigger("a-job-self && || b-job-self");
    // @ts-expect-error doubled operator
    trigger("a-job-self &&&& b-job-self");
    // @ts-expect-error a single &
    trigger("a-job-self & b-job-self");
    // @ts-expect-error three |
    trigger("a-job-self ||| b-job-self");
    // @ts-expect-error no operator
    trigger("a-job-self (b-job-self)");
    // @ts-expect-error no operator
    trigger("(a-job-self) b-job-self");
    // @ts-expect-error no operator
    trigger("(a-job-self)(b-job-self)");
    // @ts-expect-error never closed
    trigger("(a-job-self");
    // @ts-expect-error never closed
    trigger("((a-job-self) || b-job-self");
    // @ts-expect-error closes nothing
    trigger("a-job-self)");
    // @ts-expect-error closes nothing
    trigger(")a-job-self(");
    // @ts-expect-error nothing in the parentheses
    trigger("() || a-job-self");
    // @ts-expect-error a quote is never closed
    trigger("complete-work-self-'x");
    // @ts-expect-error a quote is never closed
    trigger(`complete-work-self-'x"' || "`);
    // @ts-expect-error a mistake beside good events
    trigger("a-job-self || 'b'-job-x && c-jb-self");
    // @ts-expect-error a mistake beside quotes
    trigger("a-work-'b'");
    // @ts-expect-error one of the alternatives is wrong
    trigger(lines.length > 1 ? "a-job-self" : "a-jb-self");
    // @ts-expect-error no string at all
    trigger(5);
  };

  it("and the message says why", () => {
    expectTypeOf(lines).toBeFunction();
    expectTypeOf<
      MessageOf<"complete-wrok-self-1">
    >().toEqualTypeOf<'"wrok" is no event type in "complete-wrok-self-1"'>();
    expectTypeOf<MessageOf<"">>().toEqualTypeOf<"the trigger is empty">();
    expectTypeOf<MessageOf<"a-job-self && ">>().toEqualTypeOf<"an event is missing behind an operator">();
    expectTypeOf<MessageOf<"(a-job-self">>().toEqualTypeOf<"a parenthesis is never closed">();
    expectTypeOf<MessageOf<"a-job-self & b-job-self">>().toEqualTypeOf<'"&" is no operator, write "&&"'>();
  });
});
