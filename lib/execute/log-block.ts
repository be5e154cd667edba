import { argumentError, isObject } from "../argument-error.js";
import type { NativeLogBlock } from "../native.js";
import { checkPath, checkString } from "./launch-options.js";

/** One part of a log: header, the body file's content, body, trailer. */
export interface LogBlock {
  /** Absolute path; created with its folders. */
  log: string;
  /** Appended as it is, like `trailer`: with its newline. */
  header?: string | undefined;
  /** Absolute path of a file that is unlinked once its content is in the log. */
  bodyFile?: string | null | undefined;
  body?: string | undefined;
  trailer?: string | undefined;
}

/**
 * The block as the addon takes it.
 * @throws UcbError `ERR_UCB_ARGUMENT`
 */
export function checkedLogBlock(block: LogBlock): NativeLogBlock {
  if (!isObject(block)) throw argumentError("block", "an object", block);
  const { log, header = "", bodyFile = null, body = "", trailer = "" } = block;
  checkPath("log", log);
  if (bodyFile !== null) checkPath("bodyFile", bodyFile);
  checkString("header", header);
  checkString("body", body);
  checkString("trailer", trailer);
  return { log, header, bodyFile, body, trailer };
}
