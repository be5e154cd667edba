import { describe, expect, it, onTestFinished } from "vitest";
import { type NativeLauncher, type NativeLogBlock, native } from "../../lib/native.js";

// What the Launcher class checks beforehand is checked again where memory is at stake.

type LaunchArguments =
  Parameters<typeof native.launcherLaunch> extends [unknown, unknown, ...infer Rest] ? Rest : never;
const goodLaunch: LaunchArguments = ["/bin/true\0/\0\0true\0", 1, 0, null, 0, 0, 0, null, 0, null, true, true];
const goodAdoption = [2 ** 31 - 1, 1, 0, 0, 0, 0] as const;
const goodBlock: NativeLogBlock = { log: "/nowhere/log", header: "", bodyFile: null, body: "", trailer: "" };
const wrongArgument = expect.objectContaining({ code: "ERR_UCB_ARGUMENT", message: expect.stringMatching(/\w+ /) });

function openNative(): NativeLauncher {
  const launcher = native.launcherCreate(() => {}, 1, 0);
  onTestFinished(() => native.launcherClose(launcher));
  return launcher;
}

describe("the addon", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 1],
    ["an object", {}],
    ["a matcher", native.matcherCreate(1)[0]],
    ["something that only inherits from a launcher", Object.create(native.launcherCreate(() => {}, 1, 0))],
  ])("refuses %s for a launcher", (_name, value) => {
    const launcher = value as NativeLauncher;
    const calls = [
      () => native.launcherLaunch(launcher, 1, ...goodLaunch),
      () => native.launcherHandOver(launcher),
      () => native.launcherAdopt(launcher, 1, ...goodAdoption),
      () => native.launcherAppendLog(launcher, 1, goodBlock),
      () => native.launcherSignal(launcher, 1, 15),
      () => native.launcherTerminate(launcher, 1, 0),
      () => native.launcherRef(launcher, true),
      () => native.launcherClose(launcher),
    ];
    for (const call of calls) expect(call).toThrow(wrongArgument);
  });

  it("refuses a launch in which anything is wrong", () => {
    const launcher = openNative();
    const wrong: unknown[][] = [
      [
        undefined,
        1,
        "",
        "/bin/true",
        "/bin/true\0/\0\0",
        "/bin/true\0/\0\0true",
        "/bin/true\0/\0\0true\0more\0",
        "/bin/true\0/\0\0true\0more",
        "true\0/\0\0true\0",
        "\0/\0\0true\0",
        "/bin/true\0.\0\0true\0",
        "/bin/true\0\0\0true\0",
        "/bin/true\0/\0output\0true\0",
      ],
      [undefined, 0, 2, -1, 1.5, 2 ** 40],
      [undefined, 1, -1, 0.5, 2 ** 40],
      [undefined, "text", [], new Int8Array(1), new ArrayBuffer(1)],
      [undefined, -1, Number.NaN, Number.POSITIVE_INFINITY, "1"],
      [undefined, -1, Number.NaN],
      [undefined, -1, Number.NaN],
      [
        undefined,
        1,
        [0, 1, 1, 1],
        new Float64Array(3),
        new Float64Array([20, 1, 1, 1]),
        new Float64Array([0, 1.5, 1, 1]),
      ],
      [undefined, -1, 0.5, "1"],
      [undefined, 1, "script.py"],
      [undefined, 1, "true"],
      [undefined, 1, "true"],
    ];
    wrong.forEach((values, index) => {
      for (const value of values) {
        const launch = goodLaunch.with(index, value as never) as unknown as LaunchArguments;
        expect(() => native.launcherLaunch(launcher, 1, ...launch)).toThrow(wrongArgument);
      }
    });
  });

  it("refuses to take over what cannot be a process", () => {
    const launcher = openNative();
    const wrong = [[0, -1, 1.5, 2 ** 31], [-1, 0.5, 2 ** 53], [-1, 2 ** 53], [-1], [Number.NaN], [-1]];
    wrong.forEach((values, index) => {
      for (const value of [...values, undefined, "1"]) {
        const adoption = goodAdoption.with(index, value as never) as unknown as typeof goodAdoption;
        expect(() => native.launcherAdopt(launcher, 1, ...adoption)).toThrow(wrongArgument);
      }
    });
  });

  it("has failures only of messages that are being told", async () => {
    const failures: unknown[] = [];
    const launcher: NativeLauncher = await new Promise((resolve, reject) => {
      const opened: NativeLauncher = native.launcherCreate(
        (count) => {
          try {
            expect(count).toBe(1);
            failures.push(native.launcherFailure(opened, 0));
            expect(() => native.launcherFailure(opened, 1)).toThrow(wrongArgument);
            resolve(opened);
          } catch (error) {
            reject(error);
          }
        },
        1,
        0,
      );
      native.launcherRef(opened, true);
      native.launcherLaunch(opened, 1, ...(goodLaunch.with(0, "/no\0/\0\0no\0") as unknown as LaunchArguments));
      native.launcherHandOver(opened);
    });
    expect(failures).toEqual([{ errno: "ENOENT", syscall: "execve", path: "/no", message: "" }]);
    expect(() => native.launcherFailure(launcher, 0)).toThrow(wrongArgument);
    native.launcherClose(launcher);
  });

  it("refuses a log block in which anything is wrong", () => {
    const launcher = openNative();
    const wrong: Record<keyof NativeLogBlock, unknown[]> = {
      log: [undefined, 1, "log", "/log\0"],
      header: [undefined, null, 1],
      bodyFile: [undefined, 1, "file", "/file\0"],
      body: [undefined, null],
      trailer: [undefined, {}],
    };
    for (const block of [undefined, null, 1]) {
      expect(() => native.launcherAppendLog(launcher, 1, block as unknown as NativeLogBlock)).toThrow(wrongArgument);
    }
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const block = { ...goodBlock, [name]: value } as NativeLogBlock;
        expect(() => native.launcherAppendLog(launcher, 1, block)).toThrow(
          expect.objectContaining({ code: "ERR_UCB_ARGUMENT", message: expect.stringContaining(name) }),
        );
      }
    }
  });

  it("refuses numbers out of their range, and callbacks that are none", () => {
    const launcher = openNative();
    for (const ticket of [-1, 1.5, Number.NaN, 2 ** 53, "1" as unknown as number]) {
      expect(() => native.launcherLaunch(launcher, ticket, ...goodLaunch)).toThrow(wrongArgument);
      expect(() => native.launcherAdopt(launcher, ticket, ...goodAdoption)).toThrow(wrongArgument);
      expect(() => native.launcherAppendLog(launcher, ticket, goodBlock)).toThrow(wrongArgument);
      expect(() => native.launcherSignal(launcher, ticket, 15)).toThrow(wrongArgument);
      expect(() => native.launcherTerminate(launcher, ticket, 0)).toThrow(wrongArgument);
    }
    for (const signal of [0, 65, -1, 1.5]) {
      expect(() => native.launcherSignal(launcher, 1, signal)).toThrow(wrongArgument);
    }
    for (const time of [-1, Number.NaN]) {
      expect(() => native.launcherTerminate(launcher, 1, time)).toThrow(wrongArgument);
    }
    for (const threads of [0, 65, 1.5]) {
      expect(() => native.launcherCreate(() => {}, threads, 0)).toThrow(wrongArgument);
    }
    for (const starting of [-1, 1_000_001, 1.5]) {
      expect(() => native.launcherCreate(() => {}, 1, starting)).toThrow(wrongArgument);
    }
    expect(() => native.launcherCreate({} as () => void, 1, 0)).toThrow(wrongArgument);
    expect(() => native.launcherRef(launcher, 1 as unknown as boolean)).toThrow(wrongArgument);
  });

  it("passes on what a property throws when it is read", () => {
    const launcher = openNative();
    const block = Object.defineProperty({ ...goodBlock }, "body", {
      get() {
        throw new RangeError("on purpose");
      },
    });
    expect(() => native.launcherAppendLog(launcher, 1, block)).toThrow(new RangeError("on purpose"));
  });

  it("says of a closed launcher that it is closed, and closes it again without complaint", () => {
    const launcher = native.launcherCreate(() => {}, 1, 0);
    native.launcherClose(launcher);
    native.launcherClose(launcher);
    const closed = expect.objectContaining({ code: "ERR_UCB_CLOSED" });
    expect(() => native.launcherLaunch(launcher, 1, ...goodLaunch)).toThrow(closed);
    expect(() => native.launcherAdopt(launcher, 1, ...goodAdoption)).toThrow(closed);
    expect(() => native.launcherAppendLog(launcher, 1, goodBlock)).toThrow(closed);
    expect(() => native.launcherSignal(launcher, 1, 15)).toThrow(closed);
    expect(() => native.launcherTerminate(launcher, 1, 0)).toThrow(closed);
    expect(() => native.launcherRef(launcher, true)).toThrow(closed);
  });
});
