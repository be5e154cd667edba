import { expect } from "vitest";
import { diagnosticCodes } from "../../lib/config/diagnostic-codes.js";
import { loadConfiguration } from "../../lib/config/load-configuration.js";
import { callbackDirectory, type TestDirectory } from "./callback-directory.js";
import { summarize, underlined } from "./diagnostic-summary.js";

/** A mistake in a callback directory and what is to be found of it. */
export interface Mistake {
  about: string;
  conf: string;
  files?: Record<string, string>;
  prepare?: (directory: TestDirectory) => unknown;
  flags?: string;
  /** The lines of `qb.conf` about mail. */
  mail?: string;
  /** `line:column code`, lines counted in `conf`; or in another file, with its name in front. */
  expected: string[];
  /** What the carets stand under. */
  marked?: string[];
  hint?: string | RegExp;
  /** The callbacks that are usable besides `good.py`. */
  usable?: string[];
}

/** Files that every directory of these tests has. */
const files = { "good.py": "", "other.pl": "", "release.qcb": "unblock-self\n" };

/**
 * Makes the directory with a good entry above the bad ones, loads it, and expects exactly what the mistake says: the
 * good one and the named others usable, every code in the table, and no secret shown.
 */
export async function expectMistake(mistake: Mistake): Promise<void> {
  const conf = `good.py = done-job-self\n${mistake.conf}`;
  const directory = callbackDirectory(conf, { ...files, ...mistake.files });
  const flags = `supervisor_language_flags = ${mistake.flags ?? "qube,perl,python,mail"}\n`;
  const mail = mistake.mail ?? "mail_host = smtp.example.com\nmail_administrator = ana@example.com\n";
  const qbConf = directory.write("qb.conf", flags + mail);
  await mistake.prepare?.(directory);
  const { callbacks, diagnostics } = await loadConfiguration({
    qbConf,
    directories: [directory.path],
    environment: {},
  });
  const expected = mistake.expected.map((text) => {
    const [line, ...rest] = text.split(":");
    return /^[0-9]+$/.test(line ?? "") ? ["callbacks.conf", Number(line) + 1, ...rest].join(":") : text;
  });
  expect(summarize(diagnostics)).toEqual(expected);
  if (mistake.marked !== undefined) expect(underlined(diagnostics)).toEqual(mistake.marked);
  if (mistake.hint !== undefined) expect(diagnostics[0]?.hint).toMatch(mistake.hint);
  expect(callbacks.map(({ file }) => file)).toEqual(["good.py", ...(mistake.usable ?? [])]);
  expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
  for (const { code, severity, message, hint } of diagnostics) {
    expect(diagnosticCodes).toHaveProperty(code);
    expect(code.startsWith(severity === "error" ? "ERR_UCB_" : "WARN_UCB_")).toBe(true);
    expect(message).not.toBe("");
    expect(hint ?? "").not.toBe("");
  }
}
