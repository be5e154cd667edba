import { isAbsolute, normalize } from "node:path";
import { quoted } from "../trigger/wording.js";

/** A path from a configuration file: absolute and free of `.`, `..` and doubled slashes, or why it cannot be used. */
export type ExpandedPath = { path: string } | { path: null; message: string; hint: string };

const variable = /\$(?:\{(\w*)\}|(\w*))/g;

/** Puts the value in for `$QBDIR` and `${QBDIR}`, the only variable there is. */
export function expandPath(text: string, qbDir: string): ExpandedPath {
  const foreign = Array.from(text.matchAll(variable), (match) => match[1] ?? match[2]).find((name) => name !== "QBDIR");
  if (foreign !== undefined) {
    return {
      path: null,
      message: `"$${foreign}" is not known here`,
      hint: "only $QBDIR is put in; write the path out",
    };
  }
  if (text.includes("\0")) return { path: null, message: "a path cannot hold a NUL", hint: "remove it" };
  const expanded = text.replace(variable, () => qbDir);
  if (isAbsolute(expanded)) return { path: normalize(expanded).replace(/(?<=.)\/$/, "") };
  if (expanded === text)
    return { path: null, message: `${quoted(text)} is relative`, hint: "write a path that starts with /" };
  const hint = "set QBDIR in the environment to a path that starts with /";
  return { path: null, message: `${quoted(text)} is relative: $QBDIR is ${quoted(qbDir)}`, hint };
}
