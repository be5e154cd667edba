import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readQbConf } from "../../lib/config/qb-conf.js";
import { testDirectory } from "../support/callback-directory.js";
import { summarize, underlined } from "../support/diagnostic-summary.js";

const noVariables = {};
const on = { qube: true, perl: true, python: true, mail: true };
const off = { qube: false, perl: false, python: false, mail: false };

function readText(text: string | Uint8Array, environment: Record<string, string> = noVariables, mode = 0o600) {
  return readQbConf(testDirectory().write("qb.conf", text, mode), environment);
}

describe("without a file", () => {
  it.skipIf(existsSync("/etc/qb.conf"))("has defaults", async () => {
    const { qbConf, diagnostics } = await readQbConf(undefined, noVariables);
    expect(diagnostics).toEqual([]);
    expect(qbConf).toEqual({
      file: null,
      directories: ["/usr/local/pfx/qube/callback"],
      languages: on,
      logPath: "/var/spool/qube",
      mail: {
        host: null,
        port: 25,
        user: null,
        password: null,
        connectionType: null,
        domain: null,
        from: "qube",
        administrator: null,
        jobStatusFormat: null,
        subjobStatusFormat: null,
        workStatusFormat: null,
        templates: { job: null, subjob: null, work: null },
      },
    });
  });

  it("reports a file that was asked for, and names no directory instead", async () => {
    const { path } = testDirectory();
    const { qbConf, diagnostics } = await readQbConf(`${path}/qb.conf`, noVariables);
    expect(summarize(diagnostics)).toEqual(["qb.conf:0:0 ERR_UCB_QB_CONF_MISSING"]);
    expect(qbConf.directories).toEqual([]);
  });
});

describe("values", () => {
  it("reads every key", async () => {
    const { qbConf, diagnostics } = await readText(
      [
        "# a farm",
        "worker_cpus = 4",
        `supervisor_universal_callback_path = /a/callback, $QBDIR/callback/ ,'/c, d', $\{QBDIR}/e/../f`,
        'supervisor_language_flags = "Python,QUBE"',
        "supervisor_logpath = $QBDIR/log",
        "mail_host = smtp.example.com ; the new one",
        "mail_port = 587",
        "mail_user = qube",
        "mail_password = 'p#ss; word'",
        "mail_connection_type = tls",
        "mail_domain = example.com",
        "mail_from = farm",
        "mail_administrator = root@example.com",
        "mail_work_status_format =",
      ].join("\r\n"),
      { QBDIR: "/opt/qube" },
    );
    expect(diagnostics).toEqual([]);
    expect(qbConf.directories).toEqual(["/a/callback", "/opt/qube/callback", "/c, d", "/opt/qube/f"]);
    expect(qbConf.languages).toEqual({ ...off, python: true, qube: true });
    expect(qbConf.logPath).toBe("/opt/qube/log");
    expect(qbConf.mail).toEqual({
      host: "smtp.example.com",
      port: 587,
      user: "qube",
      password: "p#ss; word",
      connectionType: "tls",
      domain: "example.com",
      from: "farm",
      administrator: "root@example.com",
      jobStatusFormat: null,
      subjobStatusFormat: null,
      workStatusFormat: null,
      templates: { job: null, subjob: null, work: null },
    });
  });

  it("takes the environment's QBDIR for the default directory", async () => {
    expect((await readText("", { QBDIR: "/opt/qube" })).qbConf.directories).toEqual(["/opt/qube/callback"]);
    expect((await readText("", { QBDIR: "" })).qbConf.directories).toEqual(["/usr/local/pfx/qube/callback"]);
  });

  it.each([
    ["23", on],
    ["127", on],
    ["0", off],
    ["4", { ...off, python: true }],
    ["'6'", { ...off, python: true, perl: true }],
    ["perl", { ...off, perl: true }],
    ["dependency, Auto_Wrangling,post , mail", { ...off, mail: true }],
    ["'qube','python'", { ...off, qube: true, python: true }],
  ])("understands supervisor_language_flags = %s", async (value, languages) => {
    const { qbConf, diagnostics } = await readText(`supervisor_language_flags = ${value}`);
    expect(diagnostics).toEqual([]);
    expect(qbConf.languages).toEqual(languages);
  });

  it.each(["plain", "SSL", "Tls", "starttls"])("takes mail_connection_type = %s", async (type) => {
    const { qbConf, diagnostics } = await readText(`mail_connection_type = ${type}`);
    expect(diagnostics).toEqual([]);
    expect(qbConf.mail.connectionType).toBe(type);
  });

  it("takes several administrators, with their names", async () => {
    const administrator = "Ana <ana@example.com>, bo@example.com";
    const { qbConf, diagnostics } = await readText(`mail_administrator = ${administrator}`);
    expect(diagnostics).toEqual([]);
    expect(qbConf.mail.administrator).toBe(administrator);
  });

  it("leaves keys of others alone", async () => {
    const text =
      "supervisor_host = a\nsupervisor_max_threads = 3\nclient_logpath = relative\n[x\n= y\nmail\n[section]\nfoo = bar";
    expect((await readText(text)).diagnostics).toEqual([]);
  });
});

describe("mistakes", () => {
  it.each<[string, string, string[], string[]]>([
    [
      "a relative directory",
      "supervisor_universal_callback_path = /a, callback ,/b",
      ["1:42 ERR_UCB_QB_CONF_PATH"],
      ["callback"],
    ],
    [
      "another variable",
      "supervisor_universal_callback_path = $HOME/callback",
      ["1:38 ERR_UCB_QB_CONF_PATH"],
      ["$HOME/callback"],
    ],
    [
      "a quoted relative directory",
      "supervisor_universal_callback_path = '/a,b'",
      ["1:42 ERR_UCB_QB_CONF_PATH"],
      ["b"],
    ],
    ["no directory", "\nsupervisor_universal_callback_path = ,", ["2:38 ERR_UCB_QB_CONF_VALUE"], [","]],
    [
      "a misspelt language",
      "supervisor_language_flags = qube, pyhton, perl",
      ["1:35 ERR_UCB_QB_CONF_LANGUAGE"],
      ["pyhton"],
    ],
    ["a sum out of range", "supervisor_language_flags = 128", ["1:29 ERR_UCB_QB_CONF_LANGUAGE"], ["128"]],
    ["no language", "supervisor_language_flags =", ["1:28 ERR_UCB_QB_CONF_VALUE"], [""]],
    ["a relative log path", "supervisor_logpath = log", ["1:22 ERR_UCB_QB_CONF_PATH"], ["log"]],
    ["a relative template", "mail_job_status_format = ./a", ["1:26 ERR_UCB_QB_CONF_PATH"], ["./a"]],
    ["a port that is none", "mail_port = smtp", ["1:13 ERR_UCB_QB_CONF_VALUE"], ["smtp"]],
    ["a port out of range", "mail_port = 65536", ["1:13 ERR_UCB_QB_CONF_VALUE"], ["65536"]],
    ["a key without value", "mail_host", ["1:1 ERR_UCB_QB_CONF_VALUE"], ["mail_host"]],
    ["a misspelt connection type", "mail_connection_type = tsl", ["1:24 ERR_UCB_QB_CONF_VALUE"], ["tsl"]],
    ["a host with blanks", "mail_host = a b", ["1:13 ERR_UCB_QB_CONF_VALUE"], ["a b"]],
    ["a domain that is an address", "mail_domain = a@b.c", ["1:15 ERR_UCB_QB_CONF_VALUE"], ["a@b.c"]],
    ["an administrator without address", "mail_administrator = a@b, ana", ["1:22 ERR_UCB_QB_CONF_VALUE"], ["a@b, ana"]],
    [
      "a line without =",
      "supervisor_universal_callback_path /opt/v/cb",
      ["1:1 ERR_UCB_QB_CONF_VALUE"],
      ["supervisor_universal_callback_path"],
    ],
    ["a tab in place of =", "a\n mail_host\tb", ["2:2 ERR_UCB_QB_CONF_VALUE"], ["mail_host"]],
    ["a misspelt key", "mail_hots = a", ["1:1 WARN_UCB_QB_CONF_KEY"], ["mail_hots"]],
    ["a key in capitals", "Mail_Host = a", ["1:1 WARN_UCB_QB_CONF_KEY"], ["Mail_Host"]],
    ["a key twice", "mail_host = a\nmail_host = b", ["2:1 WARN_UCB_QB_CONF_KEY_TWICE"], ["mail_host"]],
    ["a key in a section", "[farm]\nmail_host = a", ["2:1 WARN_UCB_QB_CONF_SECTION"], ["mail_host"]],
    [
      "several at once, in the order of the file",
      "mail_port = x\nmail_form = y\nsupervisor_logpath = z",
      ["1:13 ERR_UCB_QB_CONF_VALUE", "2:1 WARN_UCB_QB_CONF_KEY", "3:22 ERR_UCB_QB_CONF_PATH"],
      ["x", "mail_form", "z"],
    ],
  ])("finds %s", async (_, text, expected, marked) => {
    const { diagnostics } = await readText(text);
    expect(summarize(diagnostics)).toEqual(expected.map((each) => `qb.conf:${each}`));
    expect(underlined(diagnostics)).toEqual(marked);
  });

  it("keeps what is right beside what is wrong", async () => {
    const text =
      "supervisor_universal_callback_path = a, /b\nsupervisor_language_flags = pyton, perl\nmail_port = 0\nsupervisor_logpath = x";
    const { qbConf } = await readText(text);
    expect(qbConf).toMatchObject({
      directories: ["/b"],
      languages: { ...off, perl: true },
      logPath: "/var/spool/qube",
    });
    expect(qbConf.mail.port).toBe(25);
  });

  it("says what was meant", async () => {
    const { diagnostics } = await readText("supervisor_language_flags = Pyhton, x\nmail_administrater = a");
    expect(diagnostics.map(({ hint }) => hint)).toEqual([
      'did you mean "python"?',
      "write a list of qube, perl, python, post, mail, dependency, auto_wrangling, separated by commas",
      'did you mean "mail_administrator"?',
    ]);
  });

  it("does not take a misspelt connection type for a plain one", async () => {
    const { qbConf } = await readText(
      "mail_connection_type = tsl\nmail_host = a b\nmail_domain = @\nmail_administrator = x",
    );
    expect(qbConf.mail).toMatchObject({ connectionType: "tsl", host: null, domain: null, administrator: null });
  });

  it("lets the last of equal keys hold, and judges only that", async () => {
    const { qbConf, diagnostics } = await readText("mail_port = x\nmail_port = 26");
    expect(qbConf.mail.port).toBe(26);
    expect(summarize(diagnostics)).toEqual(["qb.conf:2:1 WARN_UCB_QB_CONF_KEY_TWICE"]);
  });

  it("reports a QBDIR that is relative", async () => {
    const { qbConf, diagnostics } = await readText("supervisor_logpath = $QBDIR/log", { QBDIR: "qube" });
    expect(summarize(diagnostics)).toEqual(["qb.conf:1:22 ERR_UCB_QB_CONF_PATH", "qb.conf:0:0 ERR_UCB_QB_CONF_PATH"]);
    expect(diagnostics[1]?.message).toContain("QBDIR");
    expect(qbConf).toMatchObject({ directories: [], logPath: "/var/spool/qube" });
  });

  it("warns of bytes that are not UTF-8 where they are", async () => {
    const { qbConf, diagnostics } = await readText(Buffer.from("mail_host = a\n# M\u00fcller \u00fcber\n", "latin1"));
    expect(summarize(diagnostics)).toEqual(["qb.conf:2:4 WARN_UCB_QB_CONF_ENCODING"]);
    expect(qbConf.mail.host).toBe("a");
  });
});

describe("the file itself", () => {
  it("is refused where others may write to it", async () => {
    const { qbConf, diagnostics } = await readText("supervisor_universal_callback_path = /a", noVariables, 0o600);
    expect(diagnostics).toEqual([]);
    expect(qbConf.directories).toEqual(["/a"]);
    const directory = testDirectory({ "qb.conf": "supervisor_universal_callback_path = /a" });
    chmodSync(directory.at("qb.conf"), 0o646);
    const refused = await readQbConf(directory.at("qb.conf"), noVariables);
    expect(summarize(refused.diagnostics)).toEqual(["qb.conf:0:0 ERR_UCB_PATH_WRITABLE"]);
    expect(refused.diagnostics[0]?.hint).toBe(`chmod o-w ${directory.at("qb.conf")}`);
    expect(refused.qbConf).toMatchObject({ file: null, directories: [] });
  });

  it.skipIf(process.getuid?.() !== 0)("is refused where it belongs to somebody else", async () => {
    const directory = testDirectory({ "qb.conf": "" });
    chownSync(directory.at("qb.conf"), 65534, 65534);
    const { diagnostics } = await readQbConf(directory.at("qb.conf"), noVariables);
    expect(summarize(diagnostics)).toEqual(["qb.conf:0:0 ERR_UCB_PATH_OWNER"]);
  });

  it("may be reached through links and is refused as a directory", async () => {
    const directory = testDirectory({ real: "mail_host = a" });
    symlinkSync("real", directory.at("link"));
    expect((await readQbConf(directory.at("link"), noVariables)).qbConf.mail.host).toBe("a");
    mkdirSync(directory.at("folder"));
    const { diagnostics } = await readQbConf(directory.at("folder"), noVariables);
    expect(summarize(diagnostics)).toEqual(["folder:0:0 ERR_UCB_QB_CONF_UNREADABLE"]);
    expect(summarize((await readQbConf("/tmp", noVariables)).diagnostics)).toEqual([
      "tmp:0:0 ERR_UCB_QB_CONF_UNREADABLE",
    ]);
    const below = await readQbConf(directory.at("real", "qb.conf"), noVariables);
    expect(summarize(below.diagnostics)).toEqual(["qb.conf:0:0 ERR_UCB_QB_CONF_UNREADABLE"]);
  });
});

describe("the password", () => {
  it("is warned of where everybody may read it", async () => {
    const readable = await readText("mail_password = hunter2", noVariables, 0o644);
    expect(summarize(readable.diagnostics)).toEqual(["qb.conf:0:0 WARN_UCB_QB_CONF_PASSWORD"]);
    expect(readable.qbConf.mail.password).toBe("hunter2");
    expect((await readText("mail_password = hunter2", noVariables, 0o640)).diagnostics).toEqual([]);
    expect((await readText("mail_host = hunter2", noVariables, 0o644)).diagnostics).toEqual([]);
  });

  it("never appears in a diagnostic", async () => {
    const secret = "hunter2";
    const line = fc.constantFrom(
      `mail_password = ${secret}`,
      `mail_pasword = ${secret}`,
      `Mail_Password=${secret}`,
      `mail_passwort = '${secret}`,
      `mail_passwd = ${secret}`,
      `mial_password ${secret}`,
      `mail_password ${secret}`,
      `mail_password # ${secret}`,
      "mail_password",
      "[farm]",
      "mail_host = a",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 6 }), async (lines) => {
        const { diagnostics } = await readText(Buffer.from(`${lines.join("\n")}\xff`, "latin1"), noVariables, 0o644);
        expect(diagnostics.length).toBeGreaterThan(0);
        expect(JSON.stringify(diagnostics)).not.toContain(secret);
      }),
      { numRuns: 150 },
    );
  });
});
