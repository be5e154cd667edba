import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEventLine } from "../../lib/daemon/event-line.js";
import { nestsDeeper } from "../../lib/daemon/json-depth.js";
import { readLines } from "../../lib/daemon/read-lines.js";
import { UcbError } from "../../lib/errors.js";
import { formatEvent, parseEvent } from "../../lib/trigger/event.js";
import { expectLinear } from "../support/growth.js";

/** What a line means, or the code of its error; throws what is neither. */
function answerTo(line: Buffer): { event: unknown } | { code: string } {
  try {
    return { event: parseEventLine(line) };
  } catch (error) {
    if (!(error instanceof UcbError)) throw error;
    expect(error.message.length).toBeLessThan(500);
    return { code: error.code };
  }
}

const job = fc.record(
  {
    id: fc.oneof(fc.constant(7), fc.anything()),
    name: fc.oneof(fc.string({ unit: "grapheme" }), fc.anything()),
    pid: fc.oneof(fc.nat(), fc.double(), fc.constant(null)),
    agenda: fc.oneof(fc.array(fc.record({ name: fc.string(), __proto__: fc.anything() })), fc.anything()),
    ["__proto__"]: fc.anything(),
    constructor: fc.anything(),
  },
  { requiredKeys: [] },
);
const event = fc.oneof(
  fc.constantFrom("complete-work-7-1", "submit-job-7", "globaltime-5", "x-work-7-\ud800", "x--7", "__proto__-job-7"),
  fc.string({ unit: "binary" }),
);
const documents = fc
  .record(
    { event: fc.oneof(event, fc.anything()), job: fc.oneof(job, fc.anything()), work: fc.anything() },
    { requiredKeys: [] },
  )
  .map(
    (document) => JSON.stringify(document, (_, value) => (typeof value === "bigint" ? `${value}` : value)) ?? "null",
  );
const bytes = fc.oneof(
  documents.map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)),
  fc.tuple(documents, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
    const changed = Buffer.from(text);
    changed[at % changed.length] = byte;
    return changed;
  }),
);

describe("a line of events", () => {
  it("is an event or an error with a code, whatever it holds, and reaches no prototype", () => {
    fc.assert(
      fc.property(bytes, (line) => {
        const answer = answerTo(line);
        if ("code" in answer) expect(["ERR_UCB_INPUT", "ERR_UCB_EVENT"]).toContain(answer.code);
        else if (typeof answer.event !== "string") {
          const { job: record } = answer.event as { job?: { id?: unknown } };
          if (record !== undefined) expect(Number.isSafeInteger(record.id)).toBe(true);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives what was written, with its records", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 8 });
    const name = text
      .map((each) => each.replaceAll("-", "_"))
      .filter((each) => !["", "globaltime", "globalrepeat"].includes(each));
    const record = fc.record({ name: text, user: text, pid: fc.nat(), site: fc.array(fc.nat()) });
    const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(name, id, text, record, fc.boolean(), (eventName, jobId, extra, fields, withRecord) => {
        const written = formatEvent({ name: eventName, type: "work", jobId, extra });
        const line = Buffer.from(JSON.stringify(withRecord ? { event: written, job: fields } : { event: written }));
        const found = parseEventLine(line);
        if (withRecord) {
          expect(found).toEqual({ ...parseEvent(written), job: { ...fields, id: jobId } });
        } else expect(found).toBe(written);
      }),
      { numRuns: 300 },
    );
  });

  it("costs the lines around it nothing", async () => {
    const withoutEnds = bytes.map((line) => Buffer.from(line.filter((byte) => byte !== 0x0a)));
    await fc.assert(
      fc.asyncProperty(fc.array(withoutEnds, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), async (all, chunk) => {
        const good = Buffer.from('{"event":"complete-work-7-1"}');
        const text = Buffer.concat(all.flatMap((bad) => [good, Buffer.from("\n"), bad, Buffer.from("\n")]));
        async function* stream() {
          for (let at = 0; at < text.length; at += chunk) yield text.subarray(at, at + chunk);
        }
        const found: unknown[] = [];
        for await (const { number, bytes: line } of readLines(stream(), 10_000)) {
          expect(line).not.toBeNull();
          if (number % 2 === 1) found.push(parseEventLine(line ?? Buffer.alloc(0)));
          else expect(line?.equals(all[number / 2 - 1] ?? Buffer.alloc(0))).toBe(true);
        }
        expect(found).toEqual(all.map(() => "complete-work-7-1"));
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, (size: number) => string]>([
    ["opening brackets", (size) => "[".repeat(size)],
    ["objects that open", (size) => '{"a":'.repeat(size)],
    ["flat brackets", (size) => `{"a":[${"[],".repeat(size)}1]}`],
    ["quotes", (size) => '"'.repeat(size)],
    ["escapes", (size) => `{"event":"${"\\\\".repeat(size)}"}`],
    ["a long event", (size) => `{"event":"x-work-7-${"-".repeat(size)}"}`],
    ["an event without end", (size) => `{"event":"${"a".repeat(size)}"}`],
    ["digits", (size) => `{"event":"a-job-${"9".repeat(size)}"}`],
    ["frames", (size) => `{"event":"a-job-1","job":{"agenda":[${'{"name":"1"},'.repeat(size)}{"name":2}]}}`],
    ["equal keys", (size) => `{${'"event":1,'.repeat(size)}"event":2}`],
  ])("takes time in proportion to %s", async (_, make) => {
    await expectLinear((size) => answerTo(Buffer.from(make(size))), 10_000);
  });
});

describe("how deep a line nests", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  it("is seen by its bytes as by its values", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat(8), fc.nat(3), (value, most, indent) => {
        // Filling, since what is short is not looked at.
        const line = Buffer.from(JSON.stringify([value, '[{\\"'.repeat(10)], null, indent));
        expect(nestsDeeper(line, most)).toBe(1 + depthOf(value) > most);
      }),
      { numRuns: 1000 },
    );
  });

  it("is answered for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => void nestsDeeper(Buffer.from(any), 3)));
  });
});
