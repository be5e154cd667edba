import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultOptions, readOptions } from "../../lib/config/callback-options.js";
import { readCallbacksConf } from "../../lib/config/callbacks-conf.js";
import type { Diagnostic } from "../../lib/config/diagnostic.js";
import { diagnosticCodes } from "../../lib/config/diagnostic-codes.js";
import { readIni } from "../../lib/config/ini-document.js";
import { defaultLanguages } from "../../lib/config/language-flags.js";
import { PathGuard } from "../../lib/config/permissions.js";
import { placeIn } from "../../lib/config/place.js";
import { type QbConf, readQbConf } from "../../lib/config/qb-conf.js";
import { readQbConfKeys } from "../../lib/config/qb-conf-keys.js";
import { parseQcb, qcbActions } from "../../lib/config/qcb.js";
import { splitLines } from "../../lib/config/split-lines.js";
import { splitList } from "../../lib/config/split-list.js";
import { expectLinear } from "../support/growth.js";

const file = "/site/some.conf";
const piece = fc.constantFrom(
  ..."=#;'\"[]*,|()-\\$ \t\0.%/漢😀",
  ...["\r", "\r\n", "\n", "\u2028", "\ud800", "\ufeff", "$QBDIR", "qube", "perl", "12", "5m", "per job", "no", "yes"],
  ...["supervisor_logpath", "mail_port", "mail_password", "__proto__", "constructor", "env.A", "timeout", "1/10m"],
);
const junk = fc.oneof(
  fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const oneLine = junk.map((text) => text.replace(/[\r\n]/g, " "));

/** Every diagnostic points at something that is there, or at all of the file. */
function checkPlaces(diagnostics: readonly Diagnostic[], lines: readonly string[]): void {
  for (const { code, line, column, length, message } of diagnostics) {
    expect(diagnosticCodes).toHaveProperty(code);
    expect(message).not.toBe("");
    if (line === 0) continue;
    const text = lines[line - 1];
    expect(text).toBeDefined();
    expect(column).toBeGreaterThanOrEqual(1);
    // An empty value stands behind the line's last character.
    expect(column - 1).toBeLessThanOrEqual(text?.length ?? 0);
    expect(column - 1 + length).toBeLessThanOrEqual((text?.length ?? 0) + 1);
  }
}

// A qb.conf that is asked for and missing leaves everything at its default.
const usual = (await readQbConf("/nonexistent/qb.conf", {})).qbConf;
const emptyQbConf = (): QbConf => structuredClone(usual);

function readKeys(text: string) {
  const qbConf = emptyQbConf();
  const document = readIni(text);
  return { qbConf, document, ...readQbConfKeys({ file, document, qbDir: "/qube" }, qbConf) };
}

const keys = [
  ...["supervisor_universal_callback_path", "supervisor_language_flags", "supervisor_logpath", "mail_host"],
  ...["mail_port", "mail_user", "mail_password", "mail_connection_type", "mail_domain", "mail_from"],
  ...["mail_administrator", "mail_job_status_format"],
];

describe("qb.conf", () => {
  it("is read without throwing; mistakes are where something stands, and show no password", () => {
    const entry = fc.tuple(fc.constantFrom(...keys), oneLine).map(([key, value]) => `${key} = ${value}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, junk), { maxLength: 10 }), (all) => {
        const text = [...all, "mail_password = hunter2,$hunter2"].join("\n");
        const { qbConf, document, diagnostics, directoryPlaces } = readKeys(text);
        checkPlaces(diagnostics, document.lines);
        expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
        for (const path of [...qbConf.directories, qbConf.logPath]) expect(path).toMatch(/^\/[^\0]*$/);
        expect(directoryPlaces?.length ?? 0).toBe(qbConf.directories.length);
        expect(qbConf.mail.port).toBeGreaterThanOrEqual(1);
        expect(qbConf.mail.port).toBeLessThanOrEqual(65535);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("yields what was written, whatever other keys hold", () => {
    const paths = fc.array(fc.stringMatching(/^\/[a-z0-9_. ]{0,8}[a-z0-9_]$/), { minLength: 1, maxLength: 4 });
    const others = fc.array(fc.tuple(fc.constantFrom("mail_port", "other", "supervisor_logpath"), oneLine));
    const port = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(
        paths,
        others,
        port,
        fc.constantFrom("qube", "perl", "python", "mail"),
        (all, junkBefore, number, flag) => {
          const before = junkBefore.map(([key, value]) => `${key} = '${value.replaceAll("'", "")}'`);
          const text = [
            ...before,
            `supervisor_universal_callback_path = ${all.map((path) => `"${path}"`).join(", ")}`,
            `supervisor_language_flags = ${flag}`,
            `mail_port = ${number}`,
          ].join("\n");
          const { qbConf } = readKeys(text);
          expect(qbConf.directories).toEqual(all);
          expect(qbConf.languages).toEqual({ qube: false, perl: false, python: false, mail: false, [flag]: true });
          expect(qbConf.mail.port).toBe(number);
        },
      ),
    );
  });

  it.each<[string, (size: number) => string]>([
    ["bad paths", (size) => `supervisor_universal_callback_path = ${"a,".repeat(size)}`],
    ["bad languages", (size) => `supervisor_language_flags = ${"a,".repeat(size)}`],
    ["bad sums", (size) => `supervisor_language_flags = ${"999,".repeat(size)}`],
    ["keys that are close", (size) => "supervisor_logpth = 1\n".repeat(size / 4)],
    ["a key again and again", (size) => "mail_port = x\n".repeat(size / 4)],
    ["variables", (size) => `supervisor_logpath = ${"$".repeat(size)}`],
    ["open quotes", (size) => `mail_administrator = ${`'",`.repeat(size)}`],
    ["white space", (size) => `mail_administrator = a${" ".repeat(size)}b@${" ".repeat(size)}c`],
    ["a long key", (size) => `${"a".repeat(size)} = 1`],
    ["words for a key", (size) => "mail_port ".repeat(size)],
  ])("takes time in proportion to %s", async (_, make) => {
    await expectLinear((size) => readKeys(make(size)));
  });
});

describe("an INI text", () => {
  it.each<[string, (size: number) => string]>([
    ["blanks in a section's name", (size) => `[${" ".repeat(size)}`],
    ["words in a section's name", (size) => `[${"a ".repeat(size)}`],
    ["quotes in a section's name", (size) => `[${"' \"".repeat(size)}`],
    ["blanks behind a section", (size) => `[a]${" ".repeat(size)}x`],
    ["blanks in a key", (size) => `a${" ".repeat(size)}b`],
    ["quotes in a key", (size) => `'"`.repeat(size)],
    ["quoted keys", (size) => `${"''".repeat(size)}=1`],
    ["quotes in a value", (size) => `a = ${`'"`.repeat(size)}`],
    ["an open quote", (size) => `a = '${'"" '.repeat(size)}`],
    ["backslashes", (size) => `a = ${"\\".repeat(size)}`],
    ["escapes", (size) => `a = ${"\\;".repeat(size)}`],
    ["NULs", (size) => `a = ${"\0".repeat(size)}`],
    ["NULs in a key", (size) => `${"\0'".repeat(size)} = a`],
    ["carriage returns", (size) => "\r".repeat(size)],
    ["comments", (size) => "#;".repeat(size)],
    ["equals signs", (size) => `a${"=".repeat(size)}`],
  ])("takes time in proportion to %s", async (_, make) => {
    await expectLinear((size) => readIni(make(size)), 5000);
  });
});

describe("a list", () => {
  it("yields its items where they stand, and those of a quoted list as they were", () => {
    fc.assert(
      fc.property(junk, (text) => {
        for (const item of splitList(text)) expect(text.slice(item.start, item.end).trim()).toBe(item.text);
      }),
      { numRuns: 500 },
    );
    const word = fc.string({ maxLength: 6 }).map((text) => text.replaceAll("'", "").trim());
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const items = splitList(words.map((each) => `'${each}'`).join(","));
        expect(items.map(({ text }) => text)).toEqual(words.filter((each) => each !== ""));
      }),
    );
  });
});

describe("a .qcb file", () => {
  const code = fc.constantFrom(...qcbActions.keys());
  const comment = fc.constantFrom("", " ", "#", " # it's", "\t#unblock-self");

  it("is read without throwing; each line is a code, a mistake, or nothing, and mistakes are where it stands", () => {
    const line = fc.oneof(
      code,
      oneLine,
      fc.tuple(code, oneLine).map(([good, bad]) => good + bad),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (all) => {
        const text = all.join("\n");
        const { codes, diagnostics } = parseQcb(text, file);
        const lines = splitLines(text);
        checkPlaces(diagnostics, lines);
        const concerned = [...codes, ...diagnostics].map(({ line: number }) => number).filter((number) => number > 0);
        expect(new Set(concerned).size).toBe(concerned.length);
        for (const { text: found, line: number, column, action } of codes) {
          expect(lines[number - 1]?.slice(column - 1, column - 1 + found.length)).toBe(found);
          expect(qcbActions.get(found)).toBe(action);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("yields the codes that were written, whatever stands between them", () => {
    const other = oneLine.filter((text) => !qcbActions.has(text.replace(/#.*/s, "").trim()));
    fc.assert(
      fc.property(fc.array(fc.tuple(code, comment, other)), (all) => {
        const text = all.map(([good, note, bad]) => `${bad}\r\n  ${good}${note}\n`).join("");
        const { codes } = parseQcb(text, file);
        // A mark at the very beginning belongs to no line.
        expect(codes.map((each) => each.text)).toEqual(all.map(([good]) => good));
      }),
    );
  });

  it.each<[string, (size: number) => string]>([
    ["blanks", (size) => " ".repeat(size)],
    ["words", (size) => "unblock-self ".repeat(size)],
    ["bad lines", (size) => "x\n".repeat(size / 4)],
    ["marks", (size) => "# ".repeat(size)],
    ["one long word", (size) => "unblock-self".repeat(size)],
  ])("takes time in proportion to %s", async (_, make) => {
    await expectLinear((size) => parseQcb(make(size), file));
  });
});

describe("options", () => {
  const names = fc.constantFrom(
    ...["timeout", "interpreter", "enabled", "env.A", "env.__proto__", "max_running", "serial", "throttle", "queue"],
    ...["overflow", "retry", "breaker", "on_lost", "nice", "limit.memory", "limit.files", "limit.output", "env", "x"],
  );
  const read = (text: string) => {
    const document = readIni(text);
    const placeOf = (part: { line: number; column: number; length: number }) => placeIn(file, document.lines, part);
    const request = { language: "python", defaults: defaultOptions, guard: new PathGuard(), placeOf } as const;
    return readOptions(document.head, request).then((reading) => ({ ...reading, lines: document.lines }));
  };

  it("are read without throwing, and a bad value changes nothing", async () => {
    const line = fc.tuple(names, oneLine).map(([name, value]) => `${name} = ${value}`);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (all) => {
        const { options, diagnostics, lines } = await read(all.join("\n"));
        checkPlaces(diagnostics, lines);
        for (const [name, value] of Object.entries(options.env)) {
          expect(name).toMatch(/^[A-Za-z_]\w*$/);
          expect(value).not.toContain("\0");
        }
        expect(options.timeoutMs).toBeGreaterThan(0);
        expect(options.queue).toBeGreaterThan(0);
        const bad = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ line }) => line));
        const good = all.filter((_, index) => !bad.has(index + 1)).join("\n");
        expect((await read(good)).options).toEqual(options);
        expect(defaultOptions.env).toEqual({});
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, (size: number) => string]>([
    ["variables", (size) => Array.from({ length: size / 4 }, (_, index) => `env.A${index} = 1\n`).join("")],
    ["unknown names", (size) => "timeot = 1\n".repeat(size / 4)],
    ["blanks in a throttle", (size) => `throttle = 1/x${" ".repeat(size)}y`],
    ["slashes in a throttle", (size) => `throttle = 1${" /".repeat(size)}`],
    ["commas in a retry", (size) => `retry = ${"1,".repeat(size)}`],
    ["digits in a size", (size) => `limit.memory = ${"1".repeat(size)}`],
    ["a long time", (size) => `timeout = ${"1".repeat(size)}.`],
  ])("take time in proportion to %s", async (_, make) => {
    await expectLinear((size) => read(make(size)));
  });
});

describe("callbacks.conf", () => {
  const read = (text: string) =>
    readCallbacksConf(text, {
      folder: { path: "/nonexistent", realPath: "/nonexistent", callbackFiles: [] },
      index: 0,
      languages: { ...defaultLanguages },
      mail: emptyQbConf().mail,
      guard: new PathGuard(),
    });

  it.each<[string, (size: number) => string]>([
    // Each is shown with its line, which must not be gone through for each.
    ["bad events on one line", (size) => `a.py = ${"a-b-c || ".repeat(4 * size)}`],
    ["names", (size) => Array.from({ length: size / 4 }, (_, index) => `a${index}.pyy = x\n`).join("")],
    ["sections", (size) => Array.from({ length: size / 4 }, (_, index) => `[s${index}]\nx = 1\n`).join("")],
    ["a name again and again", (size) => "a.py = done-job-self\n".repeat(size / 4)],
    ["comments that are glued", (size) => "a.pyy = done-job-self#x\n".repeat(size / 4)],
  ])("takes time in proportion to %s", async (_, make) => {
    await expectLinear((size) => read(make(size)), 2000);
  });
});
