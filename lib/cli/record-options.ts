import { stat } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { parseSize } from "../config/option-values.js";
import type { Recording } from "../daemon/recording.js";
import { UcbError } from "../errors.js";
import type { CommandLog } from "./command-log.js";
import { toAbsolute } from "./common-options.js";
import { count } from "./count.js";
import { wholeNumber } from "./whole-number.js";

export interface RecordOptions {
  record?: string;
  recordSize: number;
  recordKeep: number;
}

const usualSize = "64m";

export function addRecordOptions(command: Command): Command {
  return command
    .option("--record <FILE>", "write down there what events are taken, for `ucb replay`", toAbsolute)
    .option("--record-size <SIZE>", "begin FILE anew after so many bytes, such as 500k or 1g", size, size(usualSize))
    .option("--record-keep <N>", "how many files before it to keep, as FILE.1, FILE.2 and so on", keep, 10);
}

/**
 * Begins, or goes on with, the recording that the options ask for; null if they ask for none.
 * @throws UcbError `ERR_UCB_RECORD` if it cannot be written there
 */
export async function openRecording(
  options: RecordOptions,
  inputs: readonly string[],
  log: CommandLog,
): Promise<Recording | null> {
  const { record: file, recordSize: maxBytes, recordKeep: keep } = options;
  if (file === undefined) return null;
  const problem = (error: UcbError | null) => {
    if (error !== null) log.error(error);
    else log.info(`events are recorded to ${file} again${lack(recording)}`, { path: file });
  };
  // Only here: it needs the native addon.
  const { Recording } = await import("../daemon/recording.js");
  const recording: Recording = await Recording.open({ file, maxBytes, keep, problem });
  // What is read and written at once has no end.
  if (await isAmong(inputs, file)) {
    await recording.close();
    throw new UcbError("ERR_UCB_RECORD", `${file} cannot be recorded to: events are read from it`, { path: file });
  }
  return recording;
}

/** Writes down what is still to be written, and tells of what is missing. */
export async function closeRecording(recording: Recording | null, log: CommandLog): Promise<void> {
  if (recording === null) return;
  await recording.close();
  const { file, missing } = recording.status;
  if (missing > 0)
    log.warn(`the recording in ${file} lacks ${count(missing, "event")}`, { path: file, lacks: missing });
}

function lack({ status: { missing } }: Recording): string {
  return missing === 0 ? "" : `, ${count(missing, "event")} short`;
}

async function isAmong(inputs: readonly string[], file: string): Promise<boolean> {
  const recorded = await stat(file);
  const found = await Promise.all(inputs.filter((input) => input !== "-").map((input) => stat(input)));
  return found.some(({ dev, ino }) => dev === recorded.dev && ino === recorded.ino);
}

function size(text: string): number {
  const bytes = parseSize(text);
  if (bytes === null || bytes < 1) throw new InvalidArgumentError("It is no size such as 500k or 1g.");
  return bytes;
}

const mostKept = 10_000;

function keep(text: string): number {
  const number = wholeNumber(text);
  if (number > mostKept) throw new InvalidArgumentError(`${mostKept} are the most.`);
  return number;
}
