import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Run } from "../../lib/index.js";
import { ndjson } from "../support/ndjson.js";
import { runCommand } from "../support/run-command.js";
import { openEngine, type TemporarySite, temporarySite } from "../support/temporary-site.js";

/** What a callback saw, by way of its log. */
interface Seen {
  document: { event: Record<string, unknown>; job: Record<string, unknown>; work?: unknown };
  environment: Record<string, string>;
  prototype: string[];
}

const files = {
  "callbacks.conf": "see.py = *-work-self-* || submit-job-self\nsee.pl = *-subjob-self-*\n",
  "see.py": `import json, os, sys
document = json.load(sys.stdin)
environment = {name: value[:200] for name, value in os.environ.items() if name.startswith("UCB_EVENT")}
if len(document["event"]["text"]) > 1000:
    document["event"] = {name: len(value) for name, value in document["event"].items() if isinstance(value, str)}
print(json.dumps({"document": document, "environment": environment}))
`,
  "see.pl": `use JSON::PP;
my $document = decode_json(scalar <STDIN>);
print encode_json({ document => $document, environment => {}, record => (qb::jobinfo("-id", qb::jobid()))[0] }), "\\n";
`,
};

function seenBy(log: string): Seen[] {
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

function run(site: TemporarySite, input: string | Uint8Array) {
  return runCommand(["run", site.directory, "--logpath", site.logPath], { input });
}

const runsOf = (stdout: string) => ndjson(stdout).flatMap(({ run }) => (run === undefined ? [] : [run]));
const errorsOf = (stdout: string) => ndjson(stdout).flatMap(({ error }) => (error === undefined ? [] : [error]));
const last = '{"event":"last-work-9-9"}';

/** What an event must not leave behind in this process. */
function expectCleanPrototypes(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
}

test.each<[string, string, Partial<Record<string, unknown>>, Record<string, string>]>([
  [
    "a NUL in its name",
    "a\0b-work-7-x",
    { name: "a\0b" },
    { UCB_EVENT: "a", UCB_EVENT_NAME: "a", UCB_EVENT_EXTRA: "x", UCB_EVENT_TRUNCATED: "1" },
  ],
  [
    "a NUL in its extra",
    "a-work-7-x\0y",
    { extra: "x\0y" },
    { UCB_EVENT: "a-work-7-x", UCB_EVENT_EXTRA: "x", UCB_EVENT_TRUNCATED: "1" },
  ],
  ["a NUL at once", "\0-work-7-\0", { name: "\0", extra: "\0" }, { UCB_EVENT: "", UCB_EVENT_NAME: "" }],
  ["line ends", "a\nb-work-7-x\r\ny", { name: "a\nb", extra: "x\r\ny" }, { UCB_EVENT: "a\nb-work-7-x\r\ny" }],
  ["equals signs", "A=B-work-7-C=D", { name: "A=B" }, { UCB_EVENT_NAME: "A=B", UCB_EVENT_EXTRA: "C=D" }],
  ["a shell in it", "$(id)-work-7-`id`;'\"", { name: "$(id)" }, { UCB_EVENT_EXTRA: "`id`;'\"" }],
  ["a name of the prototype", "__proto__-work-7-constructor", { name: "__proto__" }, { UCB_EVENT_NAME: "__proto__" }],
  ["wildcards", "*-work-7-*", { name: "*", extra: "*" }, { UCB_EVENT_EXTRA: "*" }],
  ["leading zeros", "a-work-0007-01", { jobId: 7, extra: "01" }, { UCB_JOB_ID: "7" }],
  ["dashes and signs", "a-work-7--1e3", { extra: "-1e3" }, { UCB_EVENT_EXTRA: "-1e3" }],
  ["text beyond ASCII", "é漢😀-work-7-\u2028\u202e", { name: "é漢😀" }, { UCB_EVENT_EXTRA: "\u2028\u202e" }],
])(
  "an event with %s reaches its callback whole, and the environment as far as it can hold it",
  async (_, text, fields, environment) => {
    const site = temporarySite({
      ...files,
      "see.py": files["see.py"].replace('"UCB_EVENT"', '("UCB_EVENT", "UCB_JOB")'),
    });
    const { engine, ended } = await openEngine(site);
    expect(engine.emit(text)).toBe(1);
    await engine.idle();
    expect(ended.map(({ state, reason }) => [state, reason])).toEqual([["succeeded", null]]);
    const log = readFileSync(String(ended[0]?.log), "utf8");
    // Two lines of the log's own and one of the callback's: an event forges none.
    expect(log.split("\n")).toHaveLength(4);
    const [seen] = seenBy(String(ended[0]?.log));
    expect(seen?.document.event).toMatchObject({ ...fields, text });
    expect(seen?.environment).toMatchObject(environment);
    expect(ended[0]?.event).toBe(text);
    expectCleanPrototypes();
  },
);

test.each([
  ["name", (long: string) => `${long}-work-7-1`, "UCB_EVENT_NAME"],
  ["extra", (long: string) => `a-work-7-${long}`, "UCB_EVENT_EXTRA"],
])("a %s of a megabyte is whole on standard input and cut in environment and log", async (field, make, variable) => {
  const site = temporarySite(files);
  const { engine, ended } = await openEngine(site);
  const text = make("é".repeat(500_000));
  engine.emit(text);
  await engine.idle();
  expect(ended.map(({ state, reason }) => [state, reason])).toEqual([["succeeded", null]]);
  const [seen] = seenBy(String(ended[0]?.log));
  expect(seen?.document.event).toMatchObject({ [field]: 500_000, text: text.length });
  expect(seen?.environment).toMatchObject({ [variable]: "é".repeat(200), UCB_EVENT_TRUNCATED: "1" });
  expect(readFileSync(String(ended[0]?.log)).length).toBeLessThan(10_000);
});

test("records with names of the prototype, in any place, are data and nothing else", async () => {
  const site = temporarySite(files);
  const { engine, ended } = await openEngine(site);
  const job = JSON.parse(
    '{"id":7,"name":"__proto__","label":"constructor","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":5,"agenda":[{"__proto__":{"polluted":1},"name":"1"}]}',
  );
  engine.submit(job);
  engine.emit({ name: "__proto__", type: "work", jobId: 7, extra: "__proto__", work: { name: "__proto__" } });
  engine.register({ on: "*-job-constructor || *-job-__proto__", run: () => {} });
  engine.emit("toString-job-7");
  await engine.idle();
  expect(ended.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  expectCleanPrototypes();
  expect(Object.keys(engine.counters().get("0/see.py") ?? {})).not.toContain("polluted");
  const seen = seenBy(String(ended[0]?.log));
  const [submitted, worked] = ["submit", "__proto__"].map((name) =>
    seen.find(({ document }) => document.event.name === name),
  );
  expect(submitted?.document.job).toMatchObject({ id: 7, name: "__proto__", label: "constructor" });
  expect(worked?.document.event).toMatchObject({ name: "__proto__", extra: "__proto__" });
});

test.each<[string, () => unknown, string]>([
  ["a circle", () => circle(), "event.job.site.self.self"],
  ["a circle of lists", () => [circle()], "event.job.site[0].self.self"],
  ["more than 200 levels", () => nested(200), "nests deeper than 200 levels"],
  ["a bigint", () => 5n, "event.job.site is a bigint"],
  ["half a character", () => ["ok", "\ud800"], "event.job.site[1] holds half of a surrogate pair"],
  ["half a character as a key", () => ({ "\udc00": 1 }), "holds half of a surrogate pair"],
])("a record that holds %s is refused with its place, and leaves nothing behind", async (_, make, message) => {
  const { engine, ended } = await openEngine(temporarySite(files));
  const event = { name: "submit", type: "job", jobId: 7, job: { id: 7, label: "x", site: make() } } as const;
  expect(() => engine.emit(event)).toThrow(
    expect.objectContaining({ code: "ERR_UCB_EVENT", message: expect.stringContaining(message) }),
  );
  expect(() => engine.submit(event.job)).toThrow(expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }));
  expect(engine.emit("submit-job-7")).toBe(1);
  await engine.idle();
  expect(seenBy(String(ended[0]?.log))[0]?.document.job).toEqual({ id: 7 });
});

function circle(): object {
  const self: Record<string, unknown> = {};
  self.self = self;
  return self;
}

function nested(levels: number): object {
  let inner: object = {};
  for (let level = 1; level < levels; level++) inner = { inner };
  return inner;
}

test("what nests 200 levels deep is read by Python and by Perl", async () => {
  const site = temporarySite(files);
  const { engine, ended } = await openEngine(site);
  const job = { id: 7, site: nested(199) };
  engine.submit(job);
  engine.emit({ name: "x", type: "subjob", jobId: 7, extra: 1, job });
  await engine.idle();
  expect(ended.map(({ callback, state }) => [callback, state]).sort()).toEqual([
    ["see.pl", "succeeded"],
    ["see.py", "succeeded"],
  ]);
  for (const seen of seenBy(String(ended[0]?.log))) expect(seen.document.job).toEqual(job);
});

test("an event of half a character runs its callback with the character that stands for it", async () => {
  const site = temporarySite(files);
  const { engine, ended } = await openEngine(site);
  engine.emit("x-work-7-\ud800");
  await engine.idle();
  expect(ended.map(({ state }) => state)).toEqual(["succeeded"]);
  expect(seenBy(String(ended[0]?.log))[0]?.environment.UCB_EVENT_EXTRA).toBe("\ufffd");
});

test("numbers at the borders of what a job id can be", async () => {
  const { engine, ended } = await openEngine(temporarySite(files));
  expect(engine.emit(`a-work-${Number.MAX_SAFE_INTEGER}-1`)).toBe(1);
  const bad = ["9007199254740992", "9".repeat(400), "0", "00", "-1", "+1", "1e3", "0x7", " 7", "7 ", "7.0", "٧", "NaN"];
  for (const id of [...bad, "Infinity", "1_000"]) {
    expect(() => engine.emit(`a-work-${id}-1`), id).toThrow(expect.objectContaining({ code: "ERR_UCB_EVENT" }));
  }
  await engine.idle();
  expect(ended.map(({ jobId, state }) => [jobId, state])).toEqual([[Number.MAX_SAFE_INTEGER, "succeeded"]]);
});

test("a batch tells the bad lines by number, those that are no UTF-8 too, and takes the others", async () => {
  const { engine } = await openEngine(temporarySite(files));
  const fired: string[] = [];
  engine.register({ on: "*-job-self", run: ({ event }) => fired.push(event.text) });
  const bytes = [
    Buffer.from("\ufeffa-job-1\r\nnonsense\n\nb-job-"),
    Buffer.from([0xff]),
    Buffer.from("2\nc-job-3\n\xff"),
    Buffer.from([0xc3]),
  ];
  const { events, runs, errors } = engine.emitBatch(Buffer.concat(bytes));
  await engine.idle();
  expect({ events, runs, fired }).toEqual({ events: 2, runs: 2, fired: ["a-job-1", "c-job-3"] });
  expect(errors.map(({ code, line }) => [code, line])).toEqual([
    ["ERR_UCB_EVENT", 2],
    ["ERR_UCB_EVENT", 4],
    ["ERR_UCB_EVENT", 6],
  ]);
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringContaining('event "nonsense"'),
    "the line is not UTF-8",
    "the line is not UTF-8",
  ]);
  expect(engine.emitBatch("\ufeffd-job-4\nbad").errors.map(({ line }) => line)).toEqual([2]);
  await engine.idle();
  expect(fired.at(-1)).toBe("d-job-4");
});

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

test.each<[string, string | Uint8Array, string, RegExp]>([
  ["a bigger id", '{"event":"a-work-9007199254740993-1"}', "ERR_UCB_EVENT", /"9007199254740993" is no job id/],
  ["an id with an exponent", '{"event":"a-work-1e3-1"}', "ERR_UCB_EVENT", /"1e3" is no job id/],
  ["a negative id", '{"event":"a-work--7-1"}', "ERR_UCB_EVENT", /"" is no job id/],
  ["an endless record id", '{"event":"a-work-7-1","job":{"id":1e400}}', "ERR_UCB_INPUT", /not Infinity$/],
  ["a record id beyond 2^53", '{"event":"a-work-7-1","job":{"id":9007199254740993}}', "ERR_UCB_INPUT", /2\^53-1/],
  ["a negative parent", '{"event":"a-work-7-1","job":{"pid":-1}}', "ERR_UCB_INPUT", /^job\.pid must be/],
  ["another job's record", '{"event":"a-work-7-1","job":{"id":8}}', "ERR_UCB_EVENT", /carries the record of job 8/],
  ["half a character", '{"event":"a-work-7-\\ud800"}', "ERR_UCB_INPUT", /^event holds half of a surrogate pair/],
  [
    "half a character in a record",
    '{"event":"a-work-7-1","job":{"site":["\\udc00"]}}',
    "ERR_UCB_EVENT",
    /^event\.job\.site\[0\] holds half/,
  ],
  ["deep JSON", `{"event":"a-work-7-1","job":${deep(100_000)}}`, "ERR_UCB_INPUT", /deeper than 200 levels$/],
  ["what only begins and never ends", "[".repeat(10_000_000), "ERR_UCB_INPUT", /deeper than 200 levels$/],
  ["a long event", `{"event":"a-work-7-${"x".repeat(1024 * 1024)}"}`, "ERR_UCB_INPUT", /^event is longer than 1 Mi/],
  ["a byte that is no UTF-8", Buffer.from('{"event":"a-work-7-\xff"}', "latin1"), "ERR_UCB_INPUT", /^the line is not/],
  ["a surrogate as bytes", Buffer.from('{"event":"a-work-7-\xed\xa0\x80"}', "latin1"), "ERR_UCB_INPUT", /not UTF-8$/],
  ["a NUL outside of text", '{"event":"a-work-7-1"}\0', "ERR_UCB_INPUT", /^not JSON/],
  ["NaN", '{"event":"a-work-7-1","job":{"id":NaN}}', "ERR_UCB_INPUT", /^not JSON/],
  ["two documents", '{"event":"a-work-7-1"}{"event":"a-work-7-2"}', "ERR_UCB_INPUT", /^not JSON/],
  ["an event of another prototype", '{"__proto__":{"event":"a-work-7-1"}}', "ERR_UCB_INPUT", /^event is missing$/],
  ["a job of another prototype", '{"event":"a-work-7-1","job":[]}', "ERR_UCB_INPUT", /^job must be an object/],
])("a line with %s is an error with its number, and the next is read", async (_, line, code, message) => {
  const site = temporarySite(files);
  const result = await run(site, Buffer.concat([Buffer.from("\n"), Buffer.from(line), Buffer.from(`\n${last}`)]));
  expect(errorsOf(result.stdout)).toEqual([{ file: null, line: 2, message: expect.stringMatching(message), code }]);
  expect(runsOf(result.stdout).map(({ event, state }) => [event, state])).toEqual([["last-work-9-9", "succeeded"]]);
  expect(result.code).toBe(1);
  // However long the line was, its error is for people.
  expect(result.stdout.length).toBeLessThan(2000);
});

test("lines that are odd but right: equal keys, marks, NULs in text, dangerous keys, no end", async () => {
  const site = temporarySite(files);
  const lines = [
    '\ufeff{"event":"a-work-1-1","event":"a-work-2-2","job":{"name":"x"},"job":{"name":"y"}}',
    '{"event":"a\\u0000b-work-2-3\\n"}\r',
    '\t{"event":"a-work-2-4","__proto__":{"polluted":1},"constructor":null,"job":{"__proto__":5,"n":1e999}} ',
    '{"event":"a-work-0002-5","job":null,"more":{"__proto__":{"polluted":1}}}',
  ];
  const { code, stdout } = await run(site, lines.join("\n"));
  expect(errorsOf(stdout)).toEqual([]);
  expect(code).toBe(0);
  const runs = runsOf(stdout);
  expect(runs.map(({ event, state }) => [event, state]).sort()).toEqual([
    ["a\0b-work-2-3\n", "succeeded"],
    ["a-work-0002-5", "succeeded"],
    ["a-work-2-2", "succeeded"],
    ["a-work-2-4", "succeeded"],
  ]);
  const first = seenBy(String(runs[0]?.log)).find(({ document }) => document.event.text === "a-work-2-2");
  expect(first?.document.job).toEqual({ id: 2, name: "y" });
});

test("hostile and good events in one stream: every good one runs, once", async () => {
  const site = temporarySite(files);
  const good = Array.from({ length: 40 }, (_, index) => `{"event":"a-work-${index + 1}-ok"}`);
  const bad = [
    "{",
    '{"event":"a-work--1"}',
    "\xff",
    '{"event":{}}',
    "[]",
    "null",
    '"a-work-1-1"',
    '{"event":"\\ud800"}',
  ];
  const lines = good.flatMap((line, index) => [line, bad[index % bad.length] ?? ""]);
  const { code, stdout } = await run(site, Buffer.from(lines.join("\n"), "latin1"));
  expect(code).toBe(1);
  expect(errorsOf(stdout).map(({ line }) => line)).toEqual(good.map((_, index) => 2 * index + 2));
  const byJob = (one: Pick<Run, "jobId">, other: Pick<Run, "jobId">) => one.jobId - other.jobId;
  const runs = runsOf(stdout) as unknown as Run[];
  expect(runs.sort(byJob).map(({ jobId, state }) => [jobId, state])).toEqual(
    good.map((_, index) => [index + 1, "succeeded"]),
  );
});
