import { chmodSync, existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { defaultOptions } from "../../lib/config/callback-options.js";
import type { Callback } from "../../lib/config/configuration.js";
import { type LoadOptions, loadConfiguration } from "../../lib/config/load-configuration.js";
import { callbackDirectory, type TestDirectory, testDirectory } from "../support/callback-directory.js";
import { summarize } from "../support/diagnostic-summary.js";

/** Without a `qb.conf` of the machine's own. */
function load(directories: string[], options: LoadOptions = {}) {
  const qbConf = options.qbConf ?? testDirectory().write("qb.conf", "");
  return loadConfiguration({ directories, environment: {}, ...options, qbConf });
}

const seed = `#
# callbacks.conf
#
logFailuresToDB.py = failed-job-self
mail-status.qcb = done-job-self
checkWork.pl = done-work-self-*
submitted.py = submit-job-self
`;
const seedFiles = {
  "logFailuresToDB.py": "",
  "mail-status.qcb": "mail-status\n",
  "checkWork.pl": "",
  "submitted.py": "",
};

describe("callbacks", () => {
  it("are those of the file, in its order, with what they are", async () => {
    const directory = callbackDirectory(seed, seedFiles);
    const qbConf = directory.write("qb.conf", "mail_host = smtp.example.com");
    const { callbacks, diagnostics, directories } = await load([directory.path], { qbConf });
    expect(diagnostics).toEqual([]);
    expect(directories).toEqual([directory.path]);
    expect(callbacks.map(({ id, language }) => [id, language])).toEqual([
      ["0/logFailuresToDB.py", "python"],
      ["0/mail-status.qcb", "qube"],
      ["0/checkWork.pl", "perl"],
      ["0/submitted.py", "python"],
    ]);
    expect(callbacks[1]).toMatchObject({
      file: "mail-status.qcb",
      path: realpathSync(directory.at("mail-status.qcb")),
      directory: directory.path,
      configFile: directory.at("callbacks.conf"),
      triggers: [{ line: 5, column: 19 }],
      options: {
        ...{ timeoutMs: 600_000, interpreter: null, env: {}, enabled: true, nice: 0 },
        limits: { memory: null, files: null, output: null },
        ...{ maxRunning: null, serial: null, throttle: null, queue: 10_000, overflow: "drop-newest" },
        ...{ retry: { times: 3, delayMs: 10_000 }, breaker: { failures: 20, pauseMs: 30_000 }, onLost: "rerun" },
      },
      codes: [{ text: "mail-status", line: 1, column: 1, action: { kind: "mail", mail: "status" } }],
    });
    expect(callbacks[2]?.triggers[0]?.trigger).toMatchObject({ text: "done-work-self-*", remembers: false });
  });

  it("keep all triggers of a file that is named twice", async () => {
    const directory = callbackDirectory("a.py = done-job-self\nb.py = done-job-self\na.py = 'submit-job-self'", {
      "a.py": "",
      "b.py": "",
    });
    const { callbacks } = await load([directory.path]);
    expect(callbacks.map(({ file, triggers }) => [file, triggers.map(({ line, column }) => [line, column])])).toEqual([
      [
        "a.py",
        [
          [1, 8],
          [3, 9],
        ],
      ],
      ["b.py", [[2, 8]]],
    ]);
  });

  it("may be links that stay inside, and names of any kind", async () => {
    const conf = `link.py = done-job-self\n'it is = #1.pl' = done-job-self\n__proto__.py = done-job-self\n漢字.qcb = done-job-self`;
    const directory = callbackDirectory(conf, { "it is = #1.pl": "", "__proto__.py": "", "漢字.qcb": "kill-self" });
    mkdirSync(directory.at("sub"));
    directory.write("sub/real.py", "");
    symlinkSync("sub/real.py", directory.at("link.py"));
    const { callbacks, diagnostics } = await load([directory.path]);
    expect(diagnostics).toEqual([]);
    expect(callbacks.map(({ file }) => file)).toEqual(["link.py", "it is = #1.pl", "__proto__.py", "漢字.qcb"]);
    expect(callbacks[0]?.path).toBe(realpathSync(directory.at("sub/real.py")));
  });
});

describe("options", () => {
  const optionsOf = async (sections: string): Promise<Callback["options"] | undefined> => {
    const directory = callbackDirectory(`a.pl = done-job-self\n${sections}`, { "a.pl": "" });
    const { callbacks, diagnostics } = await load([directory.path]);
    expect(diagnostics).toEqual([]);
    return callbacks[0]?.options;
  };

  it.each([
    ["30s", 30_000],
    ["10m", 600_000],
    ["1.5 hours", 5_400_000],
    ["90", 90_000],
    ["0.5", 500],
    ["250ms", 250],
    ["0.1ms", 1],
    ["24d", 2_073_600_000],
  ])("take timeout = %s", async (text, timeoutMs) => {
    expect(await optionsOf(`[a.pl]\ntimeout = ${text}`)).toMatchObject({ timeoutMs });
  });

  it.each([
    ["yes", true],
    ["True", true],
    ["on", true],
    ["1", true],
    ["no", false],
    ["FALSE", false],
    ["off", false],
    ["0", false],
  ])("take enabled = %s", async (text, enabled) => {
    expect(await optionsOf(`[a.pl]\nenabled = ${text}`)).toMatchObject({ enabled });
  });

  it("take variables, whatever their names and values", async () => {
    const options = await optionsOf("[a.pl]\nenv.__proto__ = p\nenv.A = 'a # b'\nenv.B = \nenv.C_1 = x=y");
    expect(Object.entries(options?.env ?? {})).toEqual([
      ["__proto__", "p"],
      ["A", "a # b"],
      ["B", ""],
      ["C_1", "x=y"],
    ]);
  });

  it("take an interpreter as it is written", async () => {
    expect(await optionsOf(`[a.pl]\ninterpreter = ${process.execPath}`)).toMatchObject({
      interpreter: process.execPath,
    });
  });

  it("of a section win over those for all, wherever they stand", async () => {
    const conf =
      "[a.pl]\ntimeout = 1s\nenv.A = a\n[*]\ntimeout = 2s\nenabled = no\nenv.A = all\nenv.B = all\n[a.pl]\nenabled = yes";
    expect(await optionsOf(conf)).toEqual({
      ...defaultOptions,
      timeoutMs: 1000,
      interpreter: null,
      env: { A: "a", B: "all" },
      enabled: true,
    });
  });

  it("hold for the callbacks they name only", async () => {
    const conf =
      "a.pl = done-job-self\nb.pl = done-job-self\nc.pl = done-job-self\n[b.pl]\nenabled = off\n[c.pl]\ntimeout = 0";
    const directory = callbackDirectory(conf, { "a.pl": "", "b.pl": "", "c.pl": "" });
    const { callbacks, diagnostics } = await load([directory.path]);
    expect(callbacks.map(({ file, options }) => [file, options.enabled])).toEqual([
      ["a.pl", true],
      ["b.pl", false],
    ]);
    expect(summarize(diagnostics)).toEqual(["callbacks.conf:7:11 ERR_UCB_OPTION_VALUE"]);
  });

  it("name an interpreter that others may write to", async () => {
    const directory = callbackDirectory("", { "a.pl": "" });
    const interpreter = directory.write("perl", "", 0o757);
    directory.write("callbacks.conf", `a.pl = done-job-self\n[a.pl]\ninterpreter = ${interpreter}`);
    const { callbacks, diagnostics } = await load([directory.path]);
    expect(callbacks).toEqual([]);
    expect(summarize(diagnostics)).toEqual(["callbacks.conf:3:15 ERR_UCB_PATH_WRITABLE"]);
    expect(diagnostics[0]?.hint).toBe(`chmod o-w ${interpreter}`);
  });
});

describe("directories", () => {
  const good = (): TestDirectory => callbackDirectory("good.py = done-job-self", { "good.py": "" });

  it("are read in order, each with its number, and bad ones do not disturb good ones", async () => {
    const [first, second] = [good(), good()];
    const missing = first.at("nowhere");
    const { callbacks, diagnostics, directories } = await load([first.path, missing, second.path]);
    expect(directories).toEqual([first.path, missing, second.path]);
    expect(callbacks.map(({ id, directory }) => [id, directory])).toEqual([
      ["0/good.py", first.path],
      ["2/good.py", second.path],
    ]);
    expect(summarize(diagnostics)).toEqual(["nowhere:0:0 ERR_UCB_DIRECTORY_MISSING"]);
  });

  it("come from qb.conf, and mistakes are shown there", async () => {
    const directory = good();
    const missing = directory.at("nowhere");
    const qbConf = directory.write("qb.conf", `\nsupervisor_universal_callback_path = ${missing}, ${directory.path}\n`);
    const { callbacks, diagnostics, directories } = await loadConfiguration({ qbConf, environment: {} });
    expect(directories).toEqual([missing, directory.path]);
    expect(callbacks.map(({ id }) => id)).toEqual(["1/good.py"]);
    expect(summarize(diagnostics)).toEqual(["qb.conf:2:38 ERR_UCB_DIRECTORY_MISSING"]);
    expect(diagnostics[0]).toMatchObject({ file: qbConf, length: missing.length });
  });

  it("default to the one below QBDIR", async () => {
    const directory = testDirectory({ "qb.conf": "" });
    mkdirSync(directory.at("callback"));
    directory.write("callback/callbacks.conf", "good.py = done-job-self");
    directory.write("callback/good.py", "");
    const options = { qbConf: directory.at("qb.conf"), environment: { QBDIR: directory.path } };
    expect((await loadConfiguration(options)).callbacks.map(({ id }) => id)).toEqual(["0/good.py"]);
  });

  it("say why the default one is asked for where it is missing", async () => {
    const directory = testDirectory({ "qb.conf": "" });
    const options = { qbConf: directory.at("qb.conf"), environment: { QBDIR: directory.path } };
    const { diagnostics } = await loadConfiguration(options);
    expect(diagnostics).toEqual([
      expect.objectContaining({
        code: "ERR_UCB_DIRECTORY_MISSING",
        file: directory.at("callback"),
        hint: `${directory.at("qb.conf")} sets no supervisor_universal_callback_path, so the default directory is read; name another one: ucb check DIR`,
      }),
    ]);
    const named = await load([directory.at("nowhere")]);
    expect(named.diagnostics[0]?.hint).toBe("create it with a callbacks.conf in it, or name another directory");
  });

  // A machine that has one answers otherwise.
  it.skipIf(existsSync("/etc/qb.conf"))("say so where there is no qb.conf either", async () => {
    const { diagnostics } = await loadConfiguration({ environment: { QBDIR: "/nonexistent" } });
    expect(diagnostics.map(({ file, hint }) => [file, hint])).toEqual([
      [
        "/nonexistent/callback",
        "there is no /etc/qb.conf, so the default directory is read; name another one: ucb check DIR",
      ],
    ]);
  });

  it("may be relative where a caller names them", async () => {
    const directory = good();
    const { callbacks, directories } = await load([relative(process.cwd(), directory.path)]);
    expect(directories).toEqual([directory.path]);
    expect(callbacks[0]?.path).toBe(realpathSync(directory.at("good.py")));
  });

  it("may be none", async () => {
    expect(await load([])).toMatchObject({ callbacks: [], diagnostics: [], directories: [] });
  });

  it("are used once where two names are the same one", async () => {
    const directory = good();
    const parent = testDirectory();
    symlinkSync(directory.path, parent.at("link"));
    const { callbacks, diagnostics } = await load([directory.path, parent.at("link"), `${directory.path}/`]);
    expect(callbacks.map(({ id }) => id)).toEqual(["0/good.py"]);
    expect(diagnostics.map(({ code }) => code)).toEqual(["WARN_UCB_DIRECTORY_TWICE", "WARN_UCB_DIRECTORY_TWICE"]);
  });

  it("may be reached through a link", async () => {
    const directory = good();
    const parent = testDirectory();
    symlinkSync(directory.path, parent.at("link"));
    const { callbacks, diagnostics } = await load([parent.at("link")]);
    expect(diagnostics).toEqual([]);
    expect(callbacks[0]).toMatchObject({ directory: parent.at("link"), path: realpathSync(directory.at("good.py")) });
  });

  it.each<[string, (directory: TestDirectory) => unknown, string]>([
    ["that everybody may write to", ({ path }) => chmodSync(path, 0o777), "ERR_UCB_PATH_WRITABLE"],
    ["that are sticky", ({ path }) => chmodSync(path, 0o1777), "ERR_UCB_PATH_WRITABLE"],
  ])("%s are refused", async (_, prepare, code) => {
    const directory = good();
    prepare(directory);
    const { callbacks, diagnostics } = await load([directory.path]);
    expect(callbacks).toEqual([]);
    expect(diagnostics.map((each) => [each.code, each.file, each.line])).toEqual([[code, directory.path, 0]]);
  });

  it("below one that everybody may write to are refused", async () => {
    const parent = testDirectory();
    mkdirSync(parent.at("callback"));
    parent.write("callback/callbacks.conf", "");
    chmodSync(parent.path, 0o757);
    const { diagnostics } = await load([parent.at("callback")]);
    expect(diagnostics.map(({ code, hint }) => [code, hint])).toEqual([
      ["ERR_UCB_PATH_WRITABLE", `chmod o-w ${parent.path}`],
    ]);
  });

  it("are directories", async () => {
    const directory = good();
    const { diagnostics } = await load([directory.at("good.py"), directory.at("good.py", "below")]);
    expect(diagnostics.map(({ code }) => code)).toEqual(["ERR_UCB_DIRECTORY_KIND", "ERR_UCB_DIRECTORY_KIND"]);
  });

  it.skipIf(process.getuid?.() !== 0)("that may not be read are reported", async () => {
    const directory = good();
    const outer = testDirectory();
    mkdirSync(outer.at("callback"));
    const plain = testDirectory({ "qb.conf": "" });
    chmodSync(plain.path, 0o755);
    chmodSync(directory.path, 0o711);
    onTestFinished(() => process.seteuid?.(0));
    process.seteuid?.(65534);
    const { diagnostics } = await load([directory.path, outer.at("callback")], { qbConf: plain.at("qb.conf") });
    expect(diagnostics.map(({ code }) => code)).toEqual([
      "ERR_UCB_DIRECTORY_UNREADABLE",
      "ERR_UCB_DIRECTORY_UNREADABLE",
    ]);
  });
});

describe("callbacks.conf", () => {
  const codesOf = async (directory: TestDirectory) => {
    const { callbacks, diagnostics } = await load([directory.path]);
    expect(callbacks).toEqual([]);
    return summarize(diagnostics);
  };

  it("must be there", async () => {
    const directory = testDirectory({ "callback.conf": "" });
    const { diagnostics } = await load([directory.path]);
    expect(summarize(diagnostics)).toEqual(["callbacks.conf:0:0 ERR_UCB_CALLBACKS_CONF_MISSING"]);
    expect(diagnostics[0]?.hint).toBe("rename callback.conf");
  });

  it("must be a file", async () => {
    const directory = testDirectory();
    mkdirSync(directory.at("callbacks.conf"));
    expect(await codesOf(directory)).toEqual(["callbacks.conf:0:0 ERR_UCB_CALLBACKS_CONF_UNREADABLE"]);
  });

  it("must be UTF-8", async () => {
    const text = Buffer.concat([
      Buffer.from("# ok \uFFFD 漢\na.py = done-job-"),
      Buffer.from([0xff]),
      Buffer.from("\n"),
    ]);
    const directory = callbackDirectory(text, { "a.py": "" });
    expect(await codesOf(directory)).toEqual(["callbacks.conf:2:17 ERR_UCB_CALLBACKS_CONF_ENCODING"]);
  });

  it("is not read as UTF-16 either", async () => {
    const directory = callbackDirectory(Buffer.from("\uFEFFa.py = done-job-self\n", "utf16le"), { "a.py": "" });
    expect(await codesOf(directory)).toEqual(["callbacks.conf:1:1 ERR_UCB_CALLBACKS_CONF_ENCODING"]);
  });

  it("must not be open to others", async () => {
    const directory = callbackDirectory("a.py = done-job-self", { "a.py": "" });
    chmodSync(directory.at("callbacks.conf"), 0o666);
    expect(await codesOf(directory)).toEqual(["callbacks.conf:0:0 ERR_UCB_PATH_WRITABLE"]);
  });

  it("must not be a link that leads out, but may be one that stays inside", async () => {
    const outside = testDirectory({ conf: "" });
    const directory = testDirectory({ "site.conf": "a.py = done-job-self", "a.py": "" });
    symlinkSync(outside.at("conf"), directory.at("callbacks.conf"));
    expect(await codesOf(directory)).toEqual(["callbacks.conf:0:0 ERR_UCB_CALLBACKS_CONF_LINK"]);
    const inside = testDirectory({ "site.conf": "a.py = done-job-self", "a.py": "" });
    symlinkSync("site.conf", inside.at("callbacks.conf"));
    expect((await load([inside.path])).callbacks).toHaveLength(1);
  });

  it("may be empty", async () => {
    expect(await codesOf(callbackDirectory("\uFEFF\r\n# nothing\n"))).toEqual([]);
  });

  it("is reported in its order, and .qcb files behind it", async () => {
    const conf = "a.qcb = done-job-self\n[*]\ntimeout = x\n[a.qcb]\nfoo = 1\n[b]\n";
    const directory = callbackDirectory(conf, { "a.qcb": "x\ny" });
    expect(await codesOf(directory)).toEqual([
      "callbacks.conf:3:11 ERR_UCB_OPTION_VALUE",
      "callbacks.conf:5:1 ERR_UCB_OPTION_UNKNOWN",
      "callbacks.conf:6:2 ERR_UCB_SECTION_UNKNOWN",
      "a.qcb:1:1 ERR_UCB_QCB_CODE",
      "a.qcb:2:1 ERR_UCB_QCB_CODE",
    ]);
  });
});

describe("strictly", () => {
  const conf = "good.py = done-job-self\nother.py = faield-job-self";
  const files = { "good.py": "", "other.py": "" };

  it("a doubtful name is an error", async () => {
    const directory = callbackDirectory(conf, files);
    const lenient = await load([directory.path]);
    expect(lenient.callbacks).toHaveLength(2);
    expect(lenient.diagnostics.map(({ severity, code }) => [severity, code])).toEqual([
      ["warning", "WARN_UCB_TRIGGER_NAME"],
    ]);
    const strict = await load([directory.path], { strict: true });
    expect(strict.callbacks).toEqual([]);
    expect(strict.diagnostics.map(({ severity, code }) => [severity, code])).toEqual([
      ["error", "WARN_UCB_TRIGGER_NAME"],
    ]);
  });

  it("an error in one directory leaves nothing usable, a warning everything", async () => {
    const good = callbackDirectory("good.py = done-job-5", files);
    const bad = callbackDirectory("good.py = done-jb-self", files);
    expect((await load([good.path], { strict: true })).callbacks).toHaveLength(1);
    expect((await load([good.path, bad.path], { strict: true })).callbacks).toEqual([]);
    expect((await load([good.path, bad.path])).callbacks).toHaveLength(1);
  });
});
