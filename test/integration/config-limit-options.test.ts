import { describe, expect, it } from "vitest";
import { defaultOptions } from "../../lib/config/callback-options.js";
import type { CallbackOptions } from "../../lib/config/configuration.js";
import { loadConfiguration } from "../../lib/config/load-configuration.js";
import { callbackDirectory, testDirectory } from "../support/callback-directory.js";
import { summarize } from "../support/diagnostic-summary.js";
import { expectMistake, type Mistake } from "../support/mistake.js";

async function load(sections: string) {
  const conf = `a.pl = done-job-self\nb.qcb = done-job-self\n${sections}`;
  const directory = callbackDirectory(conf, { "a.pl": "", "b.qcb": "unblock-self\n" });
  const qbConf = testDirectory().write("qb.conf", "");
  const { callbacks, diagnostics } = await loadConfiguration({
    directories: [directory.path],
    environment: {},
    qbConf,
  });
  return { options: callbacks.map(({ options }) => options), diagnostics: summarize(diagnostics) };
}

const limits = (given: Partial<CallbackOptions["limits"]>) => ({ limits: { ...defaultOptions.limits, ...given } });

describe("limits", () => {
  it.each<[line: string, expected: Partial<CallbackOptions>]>([
    ["max_running = 4", { maxRunning: 4 }],
    ["max_running = no", { maxRunning: null }],
    ["serial = job", { serial: "job" }],
    ["serial = Job", { serial: "job" }],
    ["serial = no", { serial: null }],
    ["throttle = 1/10m per job", { throttle: { runs: 1, periodMs: 600_000, per: "job" } }],
    ["throttle = 5/1m", { throttle: { runs: 5, periodMs: 60_000, per: "callback" } }],
    ["throttle = 5 / 90  per  callback", { throttle: { runs: 5, periodMs: 90_000, per: "callback" } }],
    ["throttle = 2/1.5 hours per job", { throttle: { runs: 2, periodMs: 5_400_000, per: "job" } }],
    ["throttle = no", { throttle: null }],
    ["queue = 1", { queue: 1 }],
    ["overflow = drop-oldest", { overflow: "drop-oldest" }],
    ["overflow = Coalesce", { overflow: "coalesce" }],
    ["retry = 5, 1m", { retry: { times: 5, delayMs: 60_000 } }],
    ["retry = 5,250ms", { retry: { times: 5, delayMs: 250 } }],
    ["retry = 5", { retry: { times: 5, delayMs: 10_000 } }],
    ["retry = No", { retry: null }],
    ["breaker = 3", { breaker: { failures: 3, pauseMs: 30_000 } }],
    ["breaker = 3, 1m", { breaker: { failures: 3, pauseMs: 60_000 } }],
    ["breaker = no", { breaker: null }],
    ["on_lost = report", { onLost: "report" }],
    ["nice = 19", { nice: 19 }],
    ["limit.memory = 512m", limits({ memory: 512 * 2 ** 20 })],
    ["limit.memory = 1.5 GiB", limits({ memory: 1.5 * 2 ** 30 })],
    ["limit.memory = 2097152", limits({ memory: 2 ** 21 })],
    ["limit.files = 64", limits({ files: 64 })],
    ["limit.output = 10kb", limits({ output: 10_240 })],
    ["limit.output = 1T", limits({ output: 2 ** 40 })],
    ["limit.output = no", limits({ output: null })],
  ])("take %s", async (line, expected) => {
    expect(await load(`[a.pl]\n${line}`)).toMatchObject({
      options: [{ ...defaultOptions, ...expected }, defaultOptions],
      diagnostics: [],
    });
  });

  it("can be set for all, for those without a process too, and taken back for one", async () => {
    const forAll = "[*]\nthrottle = 1/1m\nretry = no\nbreaker = 5\nnice = 5\nlimit.memory = 1g\nlimit.files = 32\n";
    const { options, diagnostics } = await load(
      `${forAll}[a.pl]\nthrottle = no\nretry = 2\nlimit.memory = no\nnice = 0`,
    );
    expect(diagnostics).toEqual([]);
    expect(options).toEqual([
      {
        ...defaultOptions,
        retry: { times: 2, delayMs: 10_000 },
        breaker: { failures: 5, pauseMs: 30_000 },
        ...limits({ files: 32 }),
      },
      {
        ...{
          ...defaultOptions,
          throttle: { runs: 1, periodMs: 60_000, per: "callback" },
          retry: null,
          breaker: { failures: 5, pauseMs: 30_000 },
        },
        ...{ nice: 5, ...limits({ memory: 2 ** 30, files: 32 }) },
      },
    ]);
  });
});

const mistakes: [option: string, values: string[], hint: RegExp][] = [
  ["max_running", ["0", "-1", "1.5", "many", "1e3", "1000001"], /how many may run at once; or no/],
  ["serial", ["yes", "callback", "jobs"], /write job; or no/],
  ["throttle", ["10m", "1/", "/10m", "0/10m", "1/0", "1/10x", "1/10m per host", "1/25d", "1.5/1m"], /1\/10m|24 days/],
  ["queue", ["0", "no", "all", "10000001"], /how many may wait$/],
  ["overflow", ["drop", "block"], /drop-newest or drop-oldest or coalesce/],
  ["retry", ["0", "101", "3 10s", "3, x", "3, 0", "3, 10s, 2", ",10s", "3, 25d"], /3, 10s|24 days/],
  ["breaker", ["0", "off", "-3", "3, 0", "3, 4, 5"], /20, 30s; or no/],
  ["on_lost", ["no", "retry"], /rerun or report/],
  ["nice", ["20", "-1", "no", "0.5"], /stand back/],
  ["limit.memory", ["512", "1000k", "big", "-1g", "1.2.3g", "1x", "1e9", "9999999t"], /512m or 2g; or no/],
  ["limit.files", ["3", "yes", "99999999999"], /how many files; or no/],
  ["limit.output", ["0", "k", "1 kilo"], /512m or 2g; or no/],
];

describe("mistakes in limits", () => {
  it.each(
    mistakes.flatMap(([option, values, hint]) =>
      values.map((value): Mistake => {
        const line = `${option} = ${value}`;
        return {
          ...{ about: line, conf: `other.pl = done-job-self\n[other.pl]\n${line}`, marked: [value], hint },
          expected: [`3:${option.length + 4} ERR_UCB_OPTION_VALUE`],
        };
      }),
    ),
  )("$about", expectMistake);

  it.each<Mistake>([
    ...["nice = 5", "limit.memory = 1g", "limit.files = 64", "limit.output = 1m"].map(
      (line): Mistake => ({
        about: `${line} for codes, which have no process`,
        conf: `release.qcb = done-job-self\n[release.qcb]\n${line}`,
        expected: [`3:${line.indexOf("=") + 3} ERR_UCB_OPTION_PLACE`],
        hint: /carried out by the engine/,
      }),
    ),
    {
      about: "an unknown limit",
      conf: "other.pl = done-job-self\n[other.pl]\nlimit.memroy = 1g\nlimit. = 1",
      expected: ["3:1 ERR_UCB_OPTION_UNKNOWN", "4:1 ERR_UCB_OPTION_UNKNOWN"],
      hint: 'did you mean "limit.memory"?',
    },
    {
      about: "a limit above the sections",
      conf: "max_running = 4",
      expected: ["1:1 ERR_UCB_CALLBACK_EXTENSION"],
      hint: /options stand in a section/,
    },
  ])("$about", expectMistake);
});
