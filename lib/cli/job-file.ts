import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import type { Command } from "commander";
import type { Job } from "../bridge/supervisor.js";
import { withoutByteOrderMark } from "../daemon/byte-order-mark.js";
import { checkJob } from "../daemon/job-record.js";
import { asUcbError, UcbError } from "../errors.js";
import { parseEvent } from "../trigger/event.js";
import { toPath } from "./common-options.js";

export function addJobOption(command: Command): Command {
  return command.option(
    "--job <FILE>",
    "a JSON file with the record of a job, or a list of them (- is standard input)",
    toPath,
  );
}

/**
 * The job records of a JSON document: one, or a list of them. `-` is standard input.
 * @throws UcbError `ERR_UCB_INPUT` if it cannot be read or holds something else
 */
export async function readJobFile(file: string): Promise<Job[]> {
  const name = file === "-" ? "standard input" : file;
  const document = parse(await read(file, name), name);
  const list = Array.isArray(document) ? document : [document];
  return list.map((value: unknown, index) => {
    const checked = checkJob(value);
    if ("value" in checked) return checked.value;
    const which = Array.isArray(document) ? `job ${index + 1} of ${list.length}` : "the job";
    throw new UcbError("ERR_UCB_INPUT", `${name}: ${which}: ${checked.problem}`, {
      hint: 'a job record is a JSON object such as {"id": 1001, "name": "shot010", "label": "render", "pgrp": 1001}',
    });
  });
}

/**
 * The record that an event carries: of several that of the event's job; one alone is carried whatever it is of.
 * @throws UcbError `ERR_UCB_INPUT` as {@link readJobFile}, or if none is of that job
 */
export async function readRecordFor(event: string, file: string): Promise<Job> {
  const jobs = await readJobFile(file);
  const { jobId } = parseEvent(event);
  const job = jobs.length === 1 ? jobs[0] : jobs.find(({ id }) => id === jobId);
  if (job !== undefined) return job;
  throw new UcbError("ERR_UCB_INPUT", `none of the ${jobs.length} records in ${file} is of job ${jobId}`, {
    hint: "an event carries the record of one job",
  });
}

async function read(file: string, name: string): Promise<string> {
  try {
    return file === "-" ? await readAll(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_INPUT", `${name} cannot be read`);
  }
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_INPUT", `${name} is not JSON`);
  }
}
