import { asUcbError } from "../errors.js";
import type { BridgeRequest } from "./request.js";

/** Pieces of an answer are about this large, in characters. */
export const pieceLength = 64 * 1024;
const longestMessage = 4000;

/** The whole line that tells a client what went wrong. */
export function errorAnswer(id: BridgeRequest["id"], error: unknown): string {
  return `{"id":${JSON.stringify(id)},"error":${errorText(error)}}\n`;
}

/**
 * An answer in pieces: a list can be larger than what should stand in memory as text at once. A list that turns out to
 * hold what JSON cannot say is closed and followed by the error, which makes the line an error to its reader.
 */
export function* answerPieces(id: BridgeRequest["id"], result: unknown): Generator<string> {
  const head = `{"id":${JSON.stringify(id)},`;
  if (!Array.isArray(result)) {
    yield `${head}${single(result)}}\n`;
    return;
  }
  let piece = `${head}"result":[`;
  let problem = "";
  for (let index = 0; index < result.length && problem === ""; index++) {
    if (index > 0) piece += ",";
    try {
      piece += JSON.stringify(result[index]) ?? "null";
    } catch (error) {
      piece += "null";
      problem = `,"error":${unspeakable(error)}`;
    }
    if (piece.length >= pieceLength) {
      yield piece;
      piece = "";
    }
  }
  yield `${piece}]${problem}}\n`;
}

function single(result: unknown): string {
  try {
    return `"result":${JSON.stringify(result) ?? "null"}`;
  } catch (error) {
    return `"error":${unspeakable(error)}`;
  }
}

function unspeakable(error: unknown): string {
  return errorText(asUcbError(error, "ERR_UCB_ACTION", "the supervisor's answer cannot be written as JSON"));
}

function errorText(error: unknown): string {
  const { message, code } = asUcbError(error, "ERR_UCB_ACTION", "");
  return JSON.stringify({ message: message.slice(0, longestMessage), code });
}
