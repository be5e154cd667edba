import { describe, expect, test } from "vitest";
import { verbs } from "../../lib/bridge/supervisor.js";
import { actionsFor, verbTable } from "../../lib/bridge/verbs.js";

describe("the table of verbs", () => {
  test("has every verb of a supervisor under its own name", () => {
    for (const verb of verbs) expect(verbTable.get(verb)).toEqual({ verb, target: "job" });
  });

  test.each([
    ["retire", "complete", "job"],
    ["blockwork", "block", "work"],
    ["unblockwork", "unblock", "work"],
    ["killwork", "kill", "work"],
    ["retrywork", "retry", "work"],
    ["requeuework", "requeue", "work"],
    ["completework", "complete", "work"],
    ["retirework", "complete", "work"],
    ["failwork", "fail", "work"],
    ["workblock", "block", "work"],
    ["workunblock", "unblock", "work"],
    ["workkill", "kill", "work"],
    ["workretry", "retry", "work"],
    ["workrequeue", "requeue", "work"],
    ["workcomplete", "complete", "work"],
  ])("takes %s for %s of a %s", (name, verb, target) => {
    expect(verbTable.get(name)).toEqual({ verb, target });
  });

  test("has nothing else", () => {
    expect(verbTable.size).toBe(verbs.length + 15);
    expect(() => actionsFor("explode", [1])).toThrow(/no verb "explode"/);
    expect(() => actionsFor("constructor", [1])).toThrow(/no verb/);
  });
});

describe("ids", () => {
  test.each([
    [1001, "job", "1001"],
    ["1001", "job", "1001"],
    [" 01001 ", "job", "1001"],
    ["250.0", "subjob", "250.0"],
    ["250.10", "subjob", "250.10"],
    ["250:7", "work", "250:7"],
    ["250:1-10", "work", "250:1-10"],
    ["250:shot 010: a.b - c", "work", "250:shot 010: a.b - c"],
    ["250::", "work", "250::"],
    [Number.MAX_SAFE_INTEGER, "job", "9007199254740991"],
  ])("%j is a %s", (value, target, id) => {
    expect(actionsFor("kill", [value])).toEqual([{ verb: "kill", target, ids: [id] }]);
  });

  test.each([
    [0],
    [-1],
    [1.5],
    [250.1],
    ["250.x"],
    ["250."],
    [".5"],
    ["250:"],
    [":7"],
    ["250.0:7"],
    ["abc"],
    ["1e3"],
    ["0x10"],
    [""],
    ["9007199254740992"],
    ["250:a\nb"],
    [null],
    [true],
    [{ id: 5 }],
  ])("%j is none", (value) => {
    expect(() => actionsFor("kill", [value])).toThrow(expect.objectContaining({ code: "ERR_UCB_ARGUMENT" }));
  });

  test("of mixed kinds become an action for each kind, in order of first appearance, without repeats", () => {
    expect(actionsFor("retry", ["250:7", [3, ["250.1", "250:8"]], 3, "4", "250:7"])).toEqual([
      { verb: "retry", target: "work", ids: ["250:7", "250:8"] },
      { verb: "retry", target: "job", ids: ["3", "4"] },
      { verb: "retry", target: "subjob", ids: ["250.1"] },
    ]);
  });

  test("may be one that stands alone", () => {
    expect(actionsFor("retire", 7)).toEqual([{ verb: "complete", target: "job", ids: ["7"] }]);
  });

  test("are needed", () => {
    expect(() => actionsFor("kill", [])).toThrow(/kill: at least one id is needed/);
    expect(() => actionsFor("kill", [[], [[]]])).toThrow(/at least one id is needed/);
  });

  test("of work are needed by work verbs", () => {
    expect(actionsFor("workunblock", ["250:7"])).toEqual([{ verb: "unblock", target: "work", ids: ["250:7"] }]);
    expect(() => actionsFor("workunblock", ["250"])).toThrow(/"250" is a job .*250:NAME/);
    expect(() => actionsFor("killwork", ["250:7", "250.0"])).toThrow(/"250.0" is a subjob .*250:NAME/);
  });

  test("may be nested as deep as a client likes", () => {
    const deep = JSON.parse(`${"[".repeat(200_000)}5${"]".repeat(200_000)}`);
    expect(actionsFor("kill", deep)).toEqual([{ verb: "kill", target: "job", ids: ["5"] }]);
  });
});
