import { readFile } from "node:fs/promises";

interface Account {
  name: string;
  uid: number;
  /** Primary group. */
  gid: number;
}

interface Group {
  name: string;
  gid: number;
  members: readonly string[];
}

/** The users and groups of this machine, read once and only when somebody asks. */
export class Accounts {
  readonly #passwdFile: string;
  readonly #groupFile: string;
  #accounts: Promise<Account[]> | undefined;
  #groups: Promise<Group[]> | undefined;

  constructor(passwdFile = "/etc/passwd", groupFile = "/etc/group") {
    this.#passwdFile = passwdFile;
    this.#groupFile = groupFile;
  }

  /**
   * Whether the files show this group to have no members but these users, be it as their primary group or as one more.
   * A group that is not in the files is somebody else's to fill (a directory service's, say) and does not count.
   */
  async hasOnlyMembers(gid: number, uids: ReadonlySet<number>): Promise<boolean> {
    const groups = (await this.#readGroups()).filter((group) => group.gid === gid);
    const accounts = await this.#readAccounts();
    const isOurs = (name: string) => accounts.some((account) => account.name === name && uids.has(account.uid));
    return (
      groups.length > 0 &&
      groups.every((group) => group.members.every(isOurs)) &&
      accounts.every((account) => account.gid !== gid || uids.has(account.uid))
    );
  }

  /** The user's name, or the number where there is none. */
  async userName(uid: number): Promise<string> {
    return (await this.#readAccounts()).find((account) => account.uid === uid)?.name ?? String(uid);
  }

  /** The group's name, or the number where there is none. */
  async groupName(gid: number): Promise<string> {
    return (await this.#readGroups()).find((group) => group.gid === gid)?.name ?? String(gid);
  }

  /** The number of the group with this name; null where there is none. */
  async groupNumber(name: string): Promise<number | null> {
    return (await this.#readGroups()).find((group) => group.name === name)?.gid ?? null;
  }

  #readAccounts(): Promise<Account[]> {
    this.#accounts ??= readRecords(this.#passwdFile, ([name = "", , uid, gid]) => ({
      name,
      uid: Number(uid || Number.NaN),
      gid: Number(gid || Number.NaN),
    }));
    return this.#accounts;
  }

  #readGroups(): Promise<Group[]> {
    this.#groups ??= readRecords(this.#groupFile, ([name = "", , gid, members = ""]) => ({
      name,
      gid: Number(gid || Number.NaN),
      members: members.split(",").filter((member) => member !== ""),
    }));
    return this.#groups;
  }
}

/** A file that cannot be read shows nobody, and therefore no group to be private. */
async function readRecords<Entry>(file: string, read: (fields: string[]) => Entry): Promise<Entry[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line.includes(":") && !line.startsWith("#"));
  return lines.map((line) => read(line.trim().split(":")));
}
