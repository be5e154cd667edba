import { expect, onTestFinished, test } from "vitest";
import * as ucb from "../../lib/index.js";

/** As a caller sees it who has no compiler to check what is passed. */
// biome-ignore lint/suspicious/noExplicitAny: what no compiler lets through is what is tested
const untyped = ucb as any;
const noop = () => {};
const throwing = (field: string, rest: object = {}) =>
  Object.defineProperty({ ...rest }, field, {
    enumerable: true,
    get: () => {
      throw new TypeError("out of order");
    },
  });
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

async function refusal(act: () => unknown): Promise<ucb.UcbError> {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(ucb.UcbError);
    return error as ucb.UcbError;
  }
  throw new Error("it was taken");
}

async function openBare(): Promise<ucb.CallbackEngine> {
  const engine = await ucb.CallbackEngine.open({ directories: [] });
  onTestFinished(() => engine.close());
  return engine;
}

test.each<[string, unknown, string]>([
  ["a number", 5, "options must be an object, not 5"],
  ["null", null, "options must be an object, not null"],
  ["a list", [], "options must be an object, not a list"],
  ["directories that are one", { directories: "/x" }, 'directories must be a list of paths, not "/x"'],
  ["directories that are null", { directories: null }, "directories must be a list of paths, not null"],
  ["a directory that is no text", { directories: ["/x", 5] }, "each of directories must be a path, not 5"],
  ["an empty directory", { directories: [""] }, 'each of directories must be a path, not ""'],
  ["a directory with a NUL", { directories: ["a\0b"] }, 'each of directories must be a path, not "a\\u0000b"'],
  ["a qbConf that is no text", { qbConf: 5 }, "qbConf must be a path, not 5"],
  ["an empty qbConf", { qbConf: "" }, 'qbConf must be a path, not ""'],
  ["strict as a word", { strict: "no" }, 'strict must be true or false, not "no"'],
  ["an environment that is none", { environment: 5 }, "environment must be an object, not 5"],
])("the configuration is not loaded with %s, nor an engine opened", async (_, options, message) => {
  const expected = { code: "ERR_UCB_ARGUMENT", message };
  expect(await refusal(() => untyped.loadConfiguration(options))).toMatchObject(expected);
  expect(await refusal(() => untyped.CallbackEngine.open(options))).toMatchObject(expected);
});

test.each<[string, unknown, RegExp]>([
  ["a configuration that is none", { configuration: {} }, /^configuration must be what loadConfiguration resolves to/],
  ["a relative log path", { logPath: "log" }, /^logPath must be an absolute path, not "log"$/],
  ["a log path that is no text", { logPath: 5 }, /^logPath must be an absolute path, not 5$/],
  ["a supervisor without questions", { supervisor: { perform: noop } }, /^supervisor\.jobInfo must be a function/],
  ["a supervisor without verbs", { supervisor: { jobInfo: noop } }, /^supervisor\.perform must be a function/],
  ["half a submit", { supervisor: { jobInfo: noop, perform: noop, submit: 5 } }, /^supervisor\.submit must be/],
  ["a number as text", { maxRunning: "4" }, /^maxRunning must be a number above 0, not "4"$/],
  ["no time at all", { killAfterMs: 0 }, /^killAfterMs must be a number above 0, not 0$/],
])("an engine is not opened with %s", async (_, options, message) => {
  const error = await refusal(() => untyped.CallbackEngine.open(options));
  expect(error).toMatchObject({ code: "ERR_UCB_ARGUMENT", message: expect.stringMatching(message) });
});

test.each<[string, object, string, string]>([
  ["a misspelt option", { directores: [] }, '"directores" is no option', 'did you mean "directories"?'],
  ["one in lower case", { logpath: "/x" }, '"logpath" is no option', 'did you mean "logPath"?'],
  ["one of nobody's", { whatever: 1 }, '"whatever" is no option', "known are qbConf, directories, "],
  ["a misspelt retention", { retention: { run: 5 } }, '"run" is no option of retention', 'did you mean "runs"?'],
  ["a misspelt warmth", { warm: { idleMS: 5 } }, '"idleMS" is no option of warm', 'did you mean "idleMs"?'],
])("an engine is not opened with %s, and the one that was meant is named", async (_, options, message, hint) => {
  const error = await refusal(() => untyped.CallbackEngine.open(options));
  expect(error).toMatchObject({ code: "ERR_UCB_ARGUMENT", message, hint: expect.stringContaining(hint) });
});

const job = { name: "x", type: "job", jobId: 5 };

test.each<[string, unknown, string]>([
  ["nothing", undefined, "event must be a string or an object, not undefined"],
  ["a number", 5, "event must be a string or an object, not 5"],
  ["a big number", 5n, "event must be a string or an object, not 5n"],
  ["a symbol", Symbol("x"), "event must be a string or an object, not a symbol"],
  ["a list", ["x-job-5"], "event must be a string or an object, not a list"],
  ["an empty object", {}, "event.type must be a string, not undefined"],
  ["a type alone", { type: "job" }, "the name is empty"],
  ["an unknown type", { ...job, type: "jbo" }, "it is no event type"],
  ["a type of the prototype", { ...job, type: "constructor" }, "it is no event type"],
  ["a name that is no text", { ...job, name: 5 }, "event.name must be a string, not 5"],
  ["a name with a dash", { ...job, name: "x-job-1" }, "holds a dash"],
  ["an id as text", { ...job, jobId: "5" }, 'event.jobId must be a number, not "5"'],
  ["a big id", { ...job, jobId: 5n }, "event.jobId must be a number, not 5n"],
  ["an id out of range", { ...job, jobId: 2 ** 53 }, "is no job id"],
  ["a negative id", { ...job, jobId: -5 }, "is no job id"],
  ["an extra that is an object", { ...job, extra: {} }, "event.extra must be a string, or a number"],
  ["an extra that is no number", { ...job, extra: Number.NaN }, "event.extra must be a string, or a number"],
  ["an extra that no number can hold", { ...job, extra: 2 ** 70 }, "event.extra must be a string, or a number"],
  ["a record that is none", { ...job, job: 5 }, "event.job must be an object with an id, not 5"],
  ["a record without an id", { ...job, job: {} }, "event.job.id must be a whole number from 1"],
  ["a record of another job", { ...job, job: { id: 6 } }, "carries the record of job 6"],
  ["a parent that is negative", { ...job, job: { id: 5, pid: -1 } }, "event.job.pid must be a whole number from 0"],
  ["a group that is no number", { ...job, job: { id: 5, pgrp: "1" } }, "event.job.pgrp must be a whole number from 0"],
  ["a label that is no text", { ...job, job: { id: 5, label: 7 } }, "event.job.label must be a string, not 7"],
  ["work that is none", { ...job, work: "17" }, 'event.work must be an object, not "17"'],
  ["a subjob that is none", { ...job, subjob: [] }, "event.subjob must be an object, not a list"],
  ["a type that throws", throwing("type"), "event cannot be read: out of order"],
  ["a record that throws", throwing("job", job), "event cannot be read: out of order"],
  ["a record of which a field throws", { ...job, job: throwing("site", { id: 5 }) }, "event.job cannot be read"],
  ["work of which a field throws", { ...job, work: throwing("name") }, "event.work cannot be read: out of order"],
  ["a revoked proxy", revoked(), "event cannot be read"],
])("no event is taken from %s", async (_, event, message) => {
  const engine = await openBare();
  let fired = 0;
  engine.register({ on: "*-*-self-* || *-job-self || globaltime-*", run: () => fired++ });
  const error = await refusal(() => untyped.CallbackEngine.prototype.emit.call(engine, event));
  expect(error).toMatchObject({ code: "ERR_UCB_EVENT", message: expect.stringContaining(message) });
  expect(engine.emit("x-job-5")).toBe(1);
  await engine.idle();
  expect(fired).toBe(1);
});

test("a record that was refused leaves nothing behind, and null is no record", async () => {
  const engine = await openBare();
  const labels: unknown[] = [];
  engine.register({ on: "submit-job-self", run: (context) => labels.push(context.job.label) });
  await refusal(() => untyped.CallbackEngine.prototype.submit.call(engine, { id: 5, label: "bad", pid: -1 }));
  const event = { name: "submit", type: "job", jobId: 5, job: null, work: null, subjob: null };
  expect(untyped.CallbackEngine.prototype.emit.call(engine, event)).toBe(1);
  await engine.idle();
  expect(labels).toEqual([undefined]);
});

test("a record is taken as it was when it came", async () => {
  const engine = await openBare();
  const names: unknown[] = [];
  engine.register({ on: "submit-job-self", run: ({ job }) => names.push(job.name) });
  const record = { id: 5, name: "shot010" };
  engine.submit(record);
  record.name = "reused";
  await engine.idle();
  expect(names).toEqual(["shot010"]);
});

test.each<[string, unknown, string]>([
  ["nothing", undefined, "job must be an object with an id, not undefined"],
  ["null", null, "job must be an object with an id, not null"],
  ["no id", {}, "job.id must be a whole number from 1 to 2^53-1, not undefined"],
  ["an id as text", { id: "x" }, 'job.id must be a whole number from 1 to 2^53-1, not "x"'],
  ["a label that is no text", { id: 5, label: {} }, "job.label must be a string, not an object"],
  ["a field that throws", throwing("pid", { id: 5 }), "job cannot be read: out of order"],
])("no job is submitted or attached with %s", async (_, record, message) => {
  const engine = await openBare();
  for (const call of ["submit", "attach"]) {
    const error = await refusal(() => untyped.CallbackEngine.prototype[call].call(engine, record));
    expect(error).toMatchObject({ code: "ERR_UCB_ARGUMENT", message });
  }
});

const on = "done-job-self";

test.each<[string, unknown, RegExp]>([
  ["nothing", undefined, /^callback must be an object with on and run, not undefined$/],
  ["no trigger", { run: noop }, /^on must be a trigger or its text, not undefined$/],
  ["an object for a trigger", { on: {}, run: noop }, /^on must be a trigger or its text, not an object$/],
  ["no function", { on }, /^run must be a function, not undefined$/],
  ["a name that is no text", { on, run: noop, name: 5 }, /^name must be a string/],
  ["an empty name", { on, run: noop, name: "" }, /^name must be a string that is not empty/],
  ["a time as text", { on, run: noop, timeoutMs: "5s" }, /^timeoutMs must be a number above 0, not "5s"$/],
  ["a time that no timer can wait", { on, run: noop, timeoutMs: 1e300 }, /^timeoutMs must be 24 days at most/],
  ["limits that are none", { on, run: noop, limits: 5 }, /^limits must be an object, not 5$/],
  ["a limit that is none", { on, run: noop, limits: { maxRuning: 1 } }, /^"maxRuning" is no limit$/],
  ["half a throttle", { on, run: noop, limits: { throttle: {} } }, /^throttle\.runs must be/],
  ["a field that throws", throwing("name", { on, run: noop }), /^callback cannot be read: out of order$/],
])("no function is registered with %s", async (_, callback, message) => {
  const engine = await openBare();
  const error = await refusal(() => untyped.CallbackEngine.prototype.register.call(engine, callback));
  expect(error).toMatchObject({ code: "ERR_UCB_ARGUMENT", message: expect.stringMatching(message) });
  expect(engine.emit("done-job-5")).toBe(0);
});

test("a misspelt limit is answered with the one that was meant", async () => {
  const engine = await openBare();
  const limits = { maxRuning: 1 };
  const error = await refusal(() => engine.register({ on, run: noop, limits } as never));
  expect(error.hint).toBe('did you mean "maxRunning"?');
});

test("nobody listens to what is never told, or with what cannot be called", async () => {
  const engine = untyped.CallbackEngine.prototype;
  const open = await openBare();
  const expected = { code: "ERR_UCB_ARGUMENT" };
  for (const call of ["on", "off"]) {
    expect(await refusal(() => engine[call].call(open, "nonsense", noop))).toMatchObject(expected);
    expect(await refusal(() => engine[call].call(open, "toString", noop))).toMatchObject(expected);
    expect(await refusal(() => engine[call].call(open, "run"))).toMatchObject(expected);
  }
});

test("an engine that is told nonsense about its end stays open", async () => {
  const engine = await openBare();
  const close = (options: unknown) => untyped.CallbackEngine.prototype.close.call(engine, options);
  expect(await refusal(() => close({ running: "stop" }))).toMatchObject({
    code: "ERR_UCB_ARGUMENT",
    message: 'running must be wait, leave or terminate, not "stop"',
  });
  expect(await refusal(() => close(null))).toMatchObject({ code: "ERR_UCB_ARGUMENT" });
  expect(await refusal(() => untyped.CallbackEngine.prototype.emitBatch.call(engine, 5))).toMatchObject({
    code: "ERR_UCB_ARGUMENT",
    message: "text must be a string or a Uint8Array, not 5",
  });
  expect(engine.emit("x-job-5")).toBe(0);
});

const program = { file: "/bin/true", cwd: "/" };

test.each<[string, (launcher: ucb.Launcher) => unknown, RegExp]>([
  ["nothing", (launcher) => launcher.launch(undefined as never), /^options must be an object/],
  ["no program", (launcher) => launcher.launch({ cwd: "/" } as never), /^file must be a string/],
  ["one argument", (launcher) => launcher.launch({ ...program, args: "a" } as never), /^args must be a list/],
  ["a number to say", (launcher) => launcher.launch({ ...program, args: [5] } as never), /^an argument must be/],
  ["no environment", (launcher) => launcher.launch({ ...program, env: null } as never), /^env must be an object/],
  ["a deaf observer", (launcher) => launcher.launch(program, {} as never), /^observer\.exited must be a function/],
  ["a signal of the prototype", (launcher) => launcher.signal(1, "toString" as never), /^signal must be the name/],
  ["a block that is none", (launcher) => launcher.appendLog(null as never), /^block must be an object, not null$/],
  ["another end", (launcher) => launcher.close({ running: "stop" as never }), /^running must be wait, leave or/],
  ["no end", (launcher) => launcher.close(null as never), /^options must be an object, not null$/],
])("a launcher takes no call with %s", async (_, act, message) => {
  const launcher = new ucb.Launcher();
  onTestFinished(() => launcher.close());
  const error = await refusal(() => act(launcher));
  expect(error).toMatchObject({ code: "ERR_UCB_ARGUMENT", message: expect.stringMatching(message) });
});

test.each<[string, () => unknown, string]>([
  ["a launcher's threads", () => new untyped.Launcher({ threads: "x" }), "threads must be a whole number"],
  ["a launcher's options", () => new untyped.Launcher(null), "options must be an object, not null"],
  ["a matcher's rules", () => new untyped.Matcher().load(5), "rules must be a list, not 5"],
  ["a matcher's rule", () => new untyped.Matcher().load([5]), "a rule must be an object, not 5"],
  [
    "a rule's trigger",
    () => new untyped.Matcher().load([{ callback: 0, key: "a", trigger: { text: "x" } }]),
    "the trigger of a rule must be a parsed trigger, not an object",
  ],
  [
    "a rule's key",
    () => new untyped.Matcher().load([{ callback: 0, trigger: ucb.trigger("done-job-self") }]),
    "the key of a rule must be a string, not undefined",
  ],
  ["a matcher's job", () => new untyped.Matcher().attach(null), "job must be an object with an id, not null"],
  ["a trigger", () => untyped.trigger(5), "trigger must be a string, not 5"],
  ["a trigger to parse", () => untyped.parseTrigger({}), "trigger must be a string, not an object"],
  ["jobs to choose from", () => untyped.matchJobs(5, {}), "jobs must be a list, not 5"],
  ["a query", () => untyped.matchJobs([{ id: 1 }], 5), "query must be an object, not 5"],
  ["a query's values", () => untyped.matchJobs([{ id: 1 }], { id: 5 }), "query.id must be a list of values, not 5"],
  ["a diagnostic", () => untyped.renderDiagnostic(5), "diagnostic must be an object, not 5"],
])("nonsense is refused where it is %s", async (_, act, message) => {
  expect(await refusal(act)).toMatchObject({
    code: "ERR_UCB_ARGUMENT",
    message: expect.stringContaining(message),
  });
});

test.each<[string, () => unknown, string]>([
  ["parsed", () => untyped.parseEvent(5), "event must be a string, not 5"],
  ["formatted", () => untyped.formatEvent(null), "event must be an object, not null"],
  ["formatted of nothing", () => untyped.formatEvent({}), "event.type must be a string, not undefined"],
  ["matched", () => new untyped.Matcher().match(5), "event must be an object, not 5"],
])("an event that is none is refused where it is %s", async (_, act, message) => {
  expect(await refusal(act)).toMatchObject({ code: "ERR_UCB_EVENT", message });
});
