import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import type { TestDirectory } from "../support/callback-directory.js";
import { expectMistake, type Mistake } from "../support/mistake.js";

const mistakes: Mistake[] = [
  {
    about: "a missing file",
    conf: "goof.py = done-job-self",
    expected: ["1:1 ERR_UCB_CALLBACK_MISSING"],
    hint: 'did you mean "good.py"?',
  },
  {
    about: "a directory",
    conf: "d.py = done-job-self",
    prepare: (it) => mkdirSync(it.at("d.py")),
    expected: ["1:1 ERR_UCB_CALLBACK_KIND"],
  },
  {
    about: "a named pipe",
    conf: "p.qcb = done-job-self",
    prepare: (it) => execFileSync("mkfifo", [it.at("p.qcb")]),
    expected: ["1:1 ERR_UCB_CALLBACK_KIND"],
  },
  {
    about: "a socket",
    conf: "s.pl = done-job-self",
    prepare: (it) => listen(it.at("s.pl")),
    expected: ["1:1 ERR_UCB_CALLBACK_KIND"],
  },
  {
    about: "a link that leads out",
    conf: "l.py = done-job-self",
    prepare: (it) => symlinkSync("/etc/passwd", it.at("l.py")),
    expected: ["1:1 ERR_UCB_CALLBACK_LINK"],
  },
  {
    about: "a link to a device",
    conf: "l.py = done-job-self",
    prepare: (it) => symlinkSync("/dev/null", it.at("l.py")),
    expected: ["1:1 ERR_UCB_CALLBACK_LINK"],
  },
  {
    about: "a link through .. to a sibling whose name starts alike",
    conf: "l.py = done-job-self",
    prepare: linkToSibling,
    expected: ["1:1 ERR_UCB_CALLBACK_LINK"],
  },
  {
    about: "a link to nothing",
    conf: "l.py = done-job-self",
    prepare: (it) => symlinkSync("gone.py", it.at("l.py")),
    expected: ["1:1 ERR_UCB_CALLBACK_MISSING"],
  },
  {
    about: "a circle of links",
    conf: "l.py = done-job-self",
    prepare: (it) => symlinkSync("l.py", it.at("l.py")),
    expected: ["1:1 ERR_UCB_CALLBACK_UNREADABLE"],
  },
  {
    about: "a file others may write to",
    conf: "other.pl = done-job-self",
    prepare: (it) => chmodSync(it.at("other.pl"), 0o646),
    expected: ["1:1 ERR_UCB_PATH_WRITABLE"],
    hint: /^chmod o-w .*other\.pl$/,
  },
  {
    about: "a link through a directory others may write to",
    conf: "l.py = done-job-self",
    prepare: linkThroughOpenDirectory,
    expected: ["1:1 ERR_UCB_PATH_WRITABLE"],
    hint: /^chmod o-w .*open$/,
  },
];

function listen(path: string): Promise<void> {
  const server = createServer();
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return new Promise((resolve) => server.listen(path, resolve));
}

function linkToSibling(directory: TestDirectory): void {
  const sibling = `${directory.path}-alike`;
  onTestFinished(() => rmSync(sibling, { recursive: true, force: true }));
  mkdirSync(sibling);
  writeFileSync(join(sibling, "a.py"), "", { mode: 0o644 });
  symlinkSync(`../${basename(sibling)}/a.py`, directory.at("l.py"));
}

function linkThroughOpenDirectory(directory: TestDirectory): void {
  mkdirSync(directory.at("open"));
  directory.write("open/a.py", "");
  symlinkSync("open/a.py", directory.at("l.py"));
  chmodSync(directory.at("open"), 0o757);
}

describe("mistakes in files", () => {
  it.each(mistakes)("$about", expectMistake);

  it.skipIf(process.getuid?.() !== 0)("a file of somebody else", () =>
    expectMistake({
      about: "a file of somebody else",
      conf: "other.pl = done-job-self",
      prepare: (directory) => chownSync(directory.at("other.pl"), 65534, 0),
      expected: ["1:1 ERR_UCB_PATH_OWNER"],
      hint: /^chown root .*other\.pl$/,
    }),
  );

  it.skipIf(process.getuid?.() !== 0)("files that the user may not read", async () => {
    const conf = "secret.py = done-job-self\nsecret.qcb = done-job-self";
    const expected = ["1:1 ERR_UCB_CALLBACK_UNREADABLE", "2:1 ERR_UCB_CALLBACK_UNREADABLE"];
    await expectMistake({
      about: "files that the user may not read",
      conf,
      prepare: (directory) => {
        directory.write("secret.py", "", 0o600);
        directory.write("secret.qcb", "unblock-self", 0o600);
        chmodSync(directory.path, 0o755);
        // Before the directory is removed, since what is registered last is done first.
        onTestFinished(() => process.seteuid?.(0));
        process.seteuid?.(65534);
      },
      expected,
    });
  });
});
