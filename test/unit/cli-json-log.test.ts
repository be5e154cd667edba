import { expect, test } from "vitest";
import { jsonLog } from "../../lib/cli/json-log.js";
import { UcbError } from "../../lib/errors.js";

/** A stream that holds back what it is given until it is read. */
function slowStream() {
  const held: string[] = [];
  return {
    get writableLength() {
      return held.reduce((sum, text) => sum + text.length, 0);
    },
    write: (text: string) => held.push(text),
    read: () => held.splice(0).map((text) => JSON.parse(text)),
  };
}

test("a record is a line with its level, time, process, text and fields", () => {
  const stream = slowStream();
  const log = jsonLog(stream);
  log.info("configuration 2 holds now", { generation: 2 });
  log.warn("a.py still runs", { run: "01KB", job: 7 });
  const [first, second] = stream.read();
  expect(first).toEqual({
    ...{ level: "info", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), name: "ucb", pid: process.pid },
    ...{ generation: 2, msg: "configuration 2 holds now" },
  });
  expect(second).toMatchObject({ level: "warn", run: "01KB", job: 7, msg: "a.py still runs" });
});

test("errors and diagnostics keep their codes and places", () => {
  const stream = slowStream();
  const log = jsonLog(stream);
  log.error(
    new UcbError("ERR_UCB_STATE", "runs are not durable", { errno: "ENOSPC", path: "/state", hint: "make room" }),
  );
  log.error(new TypeError("a bug"));
  log.error("nothing is left");
  const place = { file: "/a/callbacks.conf", line: 3, column: 7, length: 1, lineText: "x" };
  log.diagnostics([
    { ...place, severity: "error", code: "ERR_UCB_TRIGGER_NAME", message: "no name" },
    { ...place, severity: "warning", code: "WARN_UCB_TRIGGER_NAME", message: "a doubtful name" },
  ]);
  expect(stream.read()).toMatchObject([
    ...[{ level: "error", code: "ERR_UCB_STATE", errno: "ENOSPC", path: "/state", hint: "make room" }],
    ...[{ level: "error", msg: "a bug", stack: expect.stringContaining("cli-json-log.test") }],
    ...[{ level: "error", msg: "nothing is left" }],
    ...[
      { level: "error", code: "ERR_UCB_TRIGGER_NAME", file: "/a/callbacks.conf", line: 3, column: 7, msg: "no name" },
    ],
    ...[{ level: "warn", code: "WARN_UCB_TRIGGER_NAME" }],
  ]);
});

test("what a reader does not take in time is left out, and the next record says how much that was", () => {
  const stream = slowStream();
  const log = jsonLog(stream);
  const text = "x".repeat(100_000);
  for (let index = 0; index < 20; index++) log.info(text);
  const taken = stream.read();
  expect(taken.length).toBeGreaterThan(9);
  expect(taken.length).toBeLessThan(13);
  expect(taken.some((record) => "missing" in record)).toBe(false);
  log.info("there is room again");
  log.info("and nothing more is missing");
  const [first, second] = stream.read();
  expect(first).toMatchObject({ missing: 20 - taken.length, msg: "there is room again" });
  expect(second).not.toHaveProperty("missing");
});
