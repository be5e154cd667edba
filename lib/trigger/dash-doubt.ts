import type { Field } from "./field-reader.js";
import { quoted } from "./wording.js";

/**
 * Whether a bare label was most likely meant to go on behind the dash that ended it; then, how to write it. Nobody calls
 * a work item or a subjob `er-5` or `er-*` as often as a job `rend-er`, while ranges of frames (`1-10`) and texts
 * that stand in quotes are no reason to doubt.
 */
export function doubtfulDash(label: Field, extra: Field | null): string | null {
  if (label.bare === undefined || extra?.bare === undefined) return null;
  const cut = /^([^0-9*-][^-]*(?:-[^0-9*-][^-]*)*)-([0-9]+|\*)$/.exec(extra.bare);
  const [, rest, last] = cut ?? [];
  if (rest === undefined || last === undefined) return null;
  return `write ${quoted(`'${label.bare}-${rest}'-${last}`)} if the label is meant, ${quoted(`${label.bare}-'${rest}-'${last}`)} if not`;
}
