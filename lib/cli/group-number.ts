import { readFile } from "node:fs/promises";
import { UcbError } from "../errors.js";

/**
 * The number of a group, given by name or number.
 * @throws UcbError `ERR_UCB_ARGUMENT` if there is no such group
 */
export async function groupNumber(group: string): Promise<number> {
  if (/^[0-9]+$/.test(group)) return Number(group);
  const lines = (await readFile("/etc/group", "utf8")).split("\n");
  const number = lines.map((line) => line.split(":")).find(([name]) => name === group)?.[2];
  if (number !== undefined) return Number(number);
  throw new UcbError("ERR_UCB_ARGUMENT", `there is no group ${group} in /etc/group`, {
    hint: "its number will do, too",
  });
}
