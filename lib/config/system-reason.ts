import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** What stopped the system on its way along a path, in words: `permission denied at /a/b (EACCES)`. */
export function systemReason({ errno, at }: { errno: string; at: string }): string {
  const number = (constants.errno as Record<string, number>)[errno];
  const description = number === undefined ? undefined : getSystemErrorMap().get(-number)?.[1];
  return description === undefined ? `${errno} at ${at}` : `${description} at ${at} (${errno})`;
}
