import type { Trigger } from "./ast.js";
import type { CheckTrigger } from "./literal-check.js";
import { parseTriggerOrThrow } from "./parse.js";

/**
 * Parses a trigger. A literal that is malformed does not compile; what the compiler cannot know (text that is not a
 * literal, what stands in quotes, literals of more than 480 characters) is found at run time.
 * @throws UcbError `ERR_UCB_TRIGGER` about the first mistake, with `column`
 */
export function trigger<const T extends string>(text: T & CheckTrigger<T>): Trigger {
  return parseTriggerOrThrow(text);
}
