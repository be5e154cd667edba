import { Accounts } from "../config/accounts.js";
import { UcbError } from "../errors.js";

/**
 * The number of a group, given by name or number.
 * @throws UcbError `ERR_UCB_ARGUMENT` if there is no such group
 */
export async function groupNumber(group: string): Promise<number> {
  if (/^[0-9]+$/.test(group)) return Number(group);
  const number = await new Accounts().groupNumber(group);
  if (number !== null) return number;
  throw new UcbError("ERR_UCB_ARGUMENT", `there is no group ${group} in /etc/group`, {
    hint: "its number will do, too",
  });
}
