import { lstat, mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { shellWord } from "../config/shell-word.js";
import { asUcbError, UcbError } from "../errors.js";
import { toAbsolute } from "./common-options.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { StandardOutput } from "./standard-output.js";
import { harmless } from "./terminal.js";

export function addInit(program: Command, finish: Finish): void {
  program
    .command("init")
    .summary("begin a callback directory")
    .description(
      "Writes a callback directory to begin with: a callbacks.conf that explains itself, a callback in each language, a " +
        "qb.conf in which everything is commented out, and job records to try it with. Nothing that is there is overwritten.",
    )
    .argument("<DIR>", "where; it is made unless it is there", toAbsolute)
    .addHelpText("after", epilogue)
    .action(async (directory: string) => finish(await init(directory)));
}

const epilogue = `
The directory and its files can be written by their owner only, as callbacks must be: whoever else could write there
would decide what the supervisor runs.

Exit codes: 0 the directory is there; 1 some of it was there already, or it cannot be written; 2 wrong usage.

Examples:
  ucb init callback
  ucb check callback
`;

const templates = fileURLToPath(new URL("../../templates/callback/", import.meta.url));

async function init(directory: string): Promise<number> {
  const names = (await readdir(templates)).sort();
  const isNew = await makeDirectory(directory);
  await refuseWhatIsThere(directory, names);
  await writeAll(directory, names, isNew);
  const output = new StandardOutput();
  output.write(page(directory, names));
  await output.flush();
  return exitCodes.good;
}

/** Whether it was not there before. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    return await makeWithParents(directory);
  } catch (error) {
    throw asUcbError(error, "ERR_UCB_INIT", `${directory} cannot be made a callback directory`);
  }
}

/** As mkdir's `recursive`, which never ends where the system lets nobody make anything, as in /proc. */
async function makeWithParents(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, 0o755);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(directory)).isDirectory()) return false;
    if (code !== "ENOENT" || (await isThere(dirname(directory)))) throw error;
    await makeWithParents(dirname(directory));
    await mkdir(directory, 0o755);
    return true;
  }
}

async function refuseWhatIsThere(directory: string, names: readonly string[]): Promise<void> {
  const found = await Promise.all(names.map((name) => isThere(join(directory, name))));
  const taken = names.filter((_, index) => found[index]);
  if (taken.length === 0) return;
  throw new UcbError("ERR_UCB_INIT", `${directory} already holds ${taken.join(", ")}: nothing was written`, {
    path: directory,
    hint: "name another directory, or `ucb check` this one",
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw asUcbError(error, "ERR_UCB_INIT", `${path} cannot be looked at`);
  }
}

/** Writes all of them or none. */
async function writeAll(directory: string, names: readonly string[], isNew: boolean): Promise<void> {
  const written: string[] = [];
  try {
    for (const name of names) {
      const path = join(directory, name);
      // "wx": what has come there in the meantime is nobody's to overwrite, a link included.
      await writeFile(path, await readFile(join(templates, name)), { flag: "wx", mode: 0o644 });
      written.push(path);
    }
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, { force: true })));
    if (isNew) await rmdir(directory).catch(() => undefined);
    throw asUcbError(error, "ERR_UCB_INIT", `${directory} cannot be written`);
  }
}

function page(directory: string, names: readonly string[]): string {
  const near = relative(process.cwd(), directory) || ".";
  const shown = shellWord(near.startsWith("-") ? `./${near}` : near);
  return harmless(`${directory} has ${names.join(", ")}

Next:
  ucb check ${shown}
  ucb explain complete-job-1001 ${shown} --job ${shown}/jobs.json
  ucb fire complete-job-1001 ${shown} --job ${shown}/jobs.json --logpath log
  ucb fire failed-work-1001-17 ${shown} --job ${shown}/jobs.json --logpath log

callbacks.conf in it explains what a trigger is and which options there are.
`);
}
