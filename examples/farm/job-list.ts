import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, isAbsolute, normalize, resolve } from "node:path";
import * as v from "valibot";
import { expandRange } from "./frame-range.js";

/** A work item to do. */
export interface WorkSpec {
  name: string;
  /** argv, with placeholders; never given to a shell. */
  command: readonly string[];
  /** The file it is to write, relative to the project folder. */
  result: string | null;
  /** Seconds. */
  timeout: number | null;
}

/** A job to take, checked and complete. */
export interface JobSpec {
  name: string;
  label: string;
  user: string;
  mailaddress: string | null;
  /** Higher goes first. */
  priority: number;
  /** How many instances take work at once. */
  cpus: number;
  status: "pending" | "blocked";
  /** Ids of other jobs. */
  pid: number | null;
  pgrp: number | null;
  agenda: readonly WorkSpec[];
  /** Other fields of the record, for callbacks that know them. */
  fields: Readonly<Record<string, string | number>>;
}

export interface JobList {
  hosts: Readonly<Record<string, number>>;
  /** In the order of submission; `pid` and `pgrp` are ids, the first job having `firstId`. */
  jobs: readonly JobSpec[];
}

const number = v.number("a number is expected");
const text = v.string("a text is expected");
const wholeNumber = v.pipe(number, v.integer("a whole number is expected"));
const positive = v.pipe(wholeNumber, v.minValue(1, "at least 1 is expected"));
const line = v.pipe(text, v.regex(/^\P{Cc}+$/u, "a text of one line is expected"));
const seconds = v.pipe(number, v.gtValue(0, "more than 0 seconds are expected"));
const argument = v.pipe(text, v.regex(/^[^\0]*$/, "a text without NUL is expected"));
const command = v.pipe(
  v.array(argument, 'a list such as ["program", "argument"] is expected'),
  v.minLength(1, "a program and its arguments are expected"),
  v.check(([program]) => program !== "", "the program's name is empty"),
);
const result = v.pipe(
  line,
  v.check((path) => !isAbsolute(path) && !normalize(path).startsWith(".."), "a path inside the project is expected"),
);
const reference = v.union([text, number], "a label or the index of an earlier job is expected");

const workEntry = v.strictObject(
  {
    name: line,
    command: v.optional(command),
    result: v.optional(result),
    timeout: v.optional(seconds),
  },
  "a work item with a name is expected",
);

const jobEntry = v.strictObject(
  {
    name: line,
    label: v.optional(line),
    user: v.optional(line),
    mailaddress: v.optional(line),
    priority: v.optional(wholeNumber, 100),
    cpus: v.optional(positive, 1),
    status: v.optional(v.picklist(["pending", "blocked"], '"pending" or "blocked" is expected'), "pending"),
    pid: v.optional(reference),
    pgrp: v.optional(reference),
    command: v.optional(command),
    range: v.optional(line),
    result: v.optional(result),
    timeout: v.optional(seconds),
    agenda: v.optional(v.array(workEntry, "a list of work items is expected")),
    fields: v.optional(v.record(text, v.union([text, number], "a text or a number is expected")), {}),
  },
  "a job, with at least a name and a command, is expected",
);

const listFile = v.strictObject(
  {
    hosts: v.optional(v.record(line, positive), { alpha: 2, beta: 2 }),
    jobs: v.pipe(v.array(v.unknown(), "a list of jobs is expected"), v.minLength(1, "at least one job is expected")),
  },
  'an object with a list of "jobs" is expected',
);

type Resolve = (reference: string | number) => number;

/**
 * Reads a job list; its README describes the format.
 * @throws Error that names the file, the job and what is wrong with it
 */
export async function readJobList(path: string, firstId: number): Promise<JobList> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new Error(`the job list cannot be read: ${error.message}`);
  });
  const here = dirname(resolve(path));
  try {
    const list = checked(listFile, parseJson(text));
    const jobs: JobSpec[] = [];
    for (const [index, entry] of list.jobs.entries()) jobs.push(readEntry(entry, index, jobs, firstId, here));
    return { hosts: list.hosts, jobs };
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Checks one job. `resolve` turns what `pid` and `pgrp` say into ids, `here` stands for `{here}` in commands.
 * @throws Error that says which field is wrong and what is expected
 */
export function parseJob(entry: unknown, resolve: Resolve, here = ""): JobSpec {
  const job = checked(jobEntry, entry);
  if (job.range !== undefined && job.agenda !== undefined) {
    throw new Error("range and agenda both name work items: give one of them");
  }
  const items = job.agenda ?? expandRange(job.range ?? "1").map((name) => ({ name }) as AgendaEntry);
  const agenda = items.map((item) => {
    const argv = item.command ?? job.command;
    if (argv === undefined) throw new Error(`work item "${item.name}": neither it nor the job has a command`);
    return {
      name: item.name,
      command: argv.map((part) => fill(part, { here })),
      result: fillResult(item.result ?? job.result, item.name),
      timeout: item.timeout ?? job.timeout ?? null,
    };
  });
  const names = agenda.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`there are two work items named "${twice}"`);
  return {
    name: job.name,
    label: job.label ?? "",
    user: job.user ?? userInfo().username,
    mailaddress: job.mailaddress ?? null,
    priority: job.priority,
    cpus: job.cpus,
    status: job.status,
    pid: job.pid === undefined ? null : resolved("pid", job.pid, resolve),
    pgrp: job.pgrp === undefined ? null : resolved("pgrp", job.pgrp, resolve),
    agenda,
    fields: job.fields,
  };
}

/** The arguments with `{frame}`, `{result}` and `{attempt}` replaced; other braces stay as they are. */
export function expandCommand(argv: readonly string[], values: Readonly<Record<string, string>>): string[] {
  return argv.map((part) => fill(part, values));
}

type AgendaEntry = v.InferOutput<typeof workEntry>;

function readEntry(entry: unknown, index: number, earlier: readonly JobSpec[], firstId: number, here: string): JobSpec {
  const find: Resolve = (reference) => {
    if (typeof reference === "number") {
      if (Number.isInteger(reference) && reference >= 0 && reference < index) return firstId + reference;
      throw new Error(`${reference} is not the index of an earlier job (0 to ${index - 1})`);
    }
    const found = earlier.flatMap((job, position) => (job.label === reference ? [position] : []));
    const [position] = found;
    if (position === undefined) throw new Error(`no earlier job has the label "${reference}"`);
    if (found.length > 1) {
      throw new Error(`jobs ${found.join(" and ")} have the label "${reference}": use the index of the one you mean`);
    }
    return firstId + position;
  };
  try {
    return parseJob(entry, find, here);
  } catch (error) {
    const name = typeof entry === "object" && entry !== null && "name" in entry ? ` ("${String(entry.name)}")` : "";
    throw new Error(`job ${index}${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function resolved(field: string, reference: string | number, resolve: Resolve): number {
  try {
    return resolve(reference);
  } catch (error) {
    throw new Error(`${field}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checked<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return output;
  const [issue] = issues;
  const field = v.getDotPath(issue);
  throw new Error(`${field === null ? "" : `${field}: `}${complaintOf(issue)}`);
}

function complaintOf({ expected, received, message }: v.BaseIssue<unknown>): string {
  // How valibot shows a key that should not be there.
  if (expected === "never") return "there is no such field";
  if (received === "undefined") return "it is missing";
  return message.replace(/^Invalid \w+: /, "");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Some of the messages quote the text around the mistake, line ends included, and some give a position.
    const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
    const position = /^(.*) at position (\d+)/.exec(message);
    const reason = position === null ? message : `${position[1]} ${place(text, Number(position[2]))}`;
    throw new Error(`not valid JSON: ${reason}`);
  }
}

function place(text: string, position: number): string {
  const lines = text.slice(0, position).split("\n");
  return `at line ${lines.length}, column ${(lines.at(-1) ?? "").length + 1}`;
}

function fillResult(path: string | undefined, frame: string): string | null {
  return path === undefined ? null : fill(path, { frame: frame.replaceAll("/", "_") });
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole);
}
