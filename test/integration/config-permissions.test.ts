import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { Accounts } from "../../lib/config/accounts.js";
import { PathGuard } from "../../lib/config/permissions.js";
import { type TestDirectory, testDirectory } from "../support/callback-directory.js";

const isRoot = process.getuid?.() === 0;
const stranger = 65534;

async function problems(path: string, guard = new PathGuard()): Promise<string[]> {
  return (await guard.walk(path)).problems.map(({ code, path: at, hint }) => `${code} ${at}: ${hint}`);
}

/** Directories `a/b` with a file in the lower one. */
function tree(): TestDirectory {
  const directory = testDirectory();
  mkdirSync(directory.at("a", "b"), { recursive: true, mode: 0o755 });
  directory.write("a/b/file", "");
  return directory;
}

describe("owners and writers", () => {
  it("finds nothing where only root and the own user may write, below a sticky directory", async () => {
    expect(await problems(tree().at("a/b/file"))).toEqual([]);
  });

  it.each([
    ["a file", "a/b/file", 0o646, "o-w"],
    ["its directory", "a/b", 0o757, "o-w"],
    ["a directory above", "a", 0o757, "o-w"],
  ])("finds %s that everybody may write to", async (_, name, mode, change) => {
    const directory = tree();
    const at = directory.at(name);
    chmodSync(at, mode);
    expect(await problems(directory.at("a/b/file"))).toEqual([`ERR_UCB_PATH_WRITABLE ${at}: chmod ${change} ${at}`]);
  });

  it("lets a sticky directory stand above, but not be what is asked for", async () => {
    const directory = tree();
    const at = directory.at("a/b");
    chmodSync(at, 0o1757);
    expect(await problems(directory.at("a/b/file"))).toEqual([]);
    const hint = "it is shared on purpose: name a directory below it that only you or root may write to";
    expect(await problems(at)).toEqual([`ERR_UCB_PATH_WRITABLE ${at}: ${hint}`]);
  });

  it.skipIf(!isRoot).each(["a/b/file", "a/b", "a"])("finds that %s belongs to somebody else", async (name) => {
    const directory = tree();
    const at = directory.at(name);
    chownSync(at, stranger, 0);
    const found = await new PathGuard().walk(directory.at("a/b/file"));
    expect(found.problems.map(({ code, path, hint }) => [code, path, hint])).toEqual([
      [
        "ERR_UCB_PATH_OWNER",
        at,
        name === "a/b/file" ? `chown root ${at}` : "move what is run below a directory of root, or run this as nobody",
      ],
    ]);
    expect(found.problems[0]?.message).toContain("nobody");
  });

  it("names all that is wrong, in a shell's words", async () => {
    const directory = testDirectory();
    mkdirSync(directory.at("it's a", "b"), { recursive: true });
    chmodSync(directory.at("it's a"), 0o757);
    chmodSync(directory.at("it's a", "b"), 0o757);
    const path = directory.at("it's a", "b");
    expect((await new PathGuard().walk(path)).problems.map(({ hint }) => hint)).toEqual([
      `chmod o-w '${dirname(path).replace("'", `'\\''`)}'`,
      `chmod o-w '${path.replace("'", `'\\''`)}'`,
    ]);
  });
});

describe("groups", () => {
  const us = process.getuid?.() ?? 0;
  const users = `root:x:0:0:root:/root:/bin/sh\nus:x:${us}:700::/:/bin/sh\nana:x:1700:1700::/:/bin/sh\n`;
  const groupFile = "private:x:700:\nlisted:x:701:root,us\nshared:x:702:us,ana\nprimary:x:1700:\nghost:x:703:gone\n";

  function accounts(): Accounts {
    const files = testDirectory({ passwd: users, group: groupFile });
    return new Accounts(files.at("passwd"), files.at("group"));
  }

  it.each([
    ["a private group", 700, true],
    ["a group that lists only root and us", 701, true],
    ["a group that lists another", 702, false],
    ["the primary group of another", 1700, false],
    ["a group with a member that is no account", 703, false],
    ["a group the files do not know", 704, false],
  ])("judges %s", async (_, gid, expected) => {
    expect(await accounts().hasOnlyMembers(gid, new Set([0, us]))).toBe(expected);
  });

  it("takes files that cannot be read for no proof", async () => {
    const { path } = testDirectory();
    expect(await new Accounts(`${path}/passwd`, `${path}/group`).hasOnlyMembers(0, new Set([0]))).toBe(false);
  });

  it.skipIf(!isRoot).each([
    ["a private group", 700, []],
    ["a shared one", 702, ["g-w"]],
    ["one it does not know", 4711, ["g-w"]],
  ])("lets %s write or not", async (_, gid, changes) => {
    const directory = tree();
    const at = directory.at("a/b");
    chownSync(at, 0, gid);
    chmodSync(at, 0o775);
    const expected = changes.map((change) => `ERR_UCB_PATH_WRITABLE ${at}: chmod ${change} ${at}`);
    expect(await problems(directory.at("a/b/file"), new PathGuard(accounts()))).toEqual(expected);
  });

  it.skipIf(!isRoot)("mends group and others at once", async () => {
    const directory = tree();
    const at = directory.at("a");
    chownSync(at, 0, 702);
    chmodSync(at, 0o777);
    expect(await problems(at, new PathGuard(accounts()))).toEqual([`ERR_UCB_PATH_WRITABLE ${at}: chmod go-w ${at}`]);
  });
});

describe("links", () => {
  it("are followed component by component, through .. and relative targets", async () => {
    const directory = tree();
    mkdirSync(directory.at("c"));
    symlinkSync("../a/./b/../b", directory.at("c", "link"));
    symlinkSync(directory.at("c"), directory.at("absolute"));
    const walked = await new PathGuard().walk(directory.at("absolute", "link", "file"));
    expect(walked).toMatchObject({ path: directory.at("a/b/file"), problems: [] });
  });

  it("are checked where they lead and where they stand", async () => {
    const directory = tree();
    mkdirSync(directory.at("open"));
    symlinkSync(directory.at("a/b"), directory.at("open", "link"));
    chmodSync(directory.at("open"), 0o777);
    chmodSync(directory.at("a"), 0o777);
    const found = await new PathGuard().walk(directory.at("open", "link", "file"));
    expect(found.problems.map(({ path }) => path)).toEqual([directory.at("open"), directory.at("a")]);
  });

  it.skipIf(!isRoot)("of somebody else matter where everybody may put links", async () => {
    const directory = tree();
    mkdirSync(directory.at("shared"));
    chmodSync(directory.at("shared"), 0o1777);
    const link = directory.at("shared", "link");
    symlinkSync(directory.at("a/b"), link);
    expect(await problems(link)).toEqual([]);
    lchownSync(link, stranger, stranger);
    expect(await problems(link)).toEqual([`ERR_UCB_PATH_OWNER ${link}: chown -h root ${link}`]);
  });

  it.each([
    ["a circle", "ELOOP", "circle"],
    ["nothing", "ENOENT", "dangling"],
    ["a file as a directory", "ENOTDIR", "a/b/file/x"],
  ])("end at %s", async (_, errno, name) => {
    const directory = tree();
    symlinkSync("circle", directory.at("circle"));
    symlinkSync("nowhere", directory.at("dangling"));
    expect(await new PathGuard().walk(directory.at(name))).toMatchObject({ path: null, errno });
  });
});

it("starts from a directory that was checked before, without looking at it again", async () => {
  const directory = tree();
  chmodSync(directory.at("a"), 0o777);
  expect(await new PathGuard().walk("b/file", directory.at("a"))).toMatchObject({
    path: directory.at("a/b/file"),
    problems: [],
  });
});
