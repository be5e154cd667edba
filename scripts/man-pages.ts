// Writes the manual pages: of the commands from the definitions that --help is made from, of callbacks.conf from the reference.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageVersion } from "../lib/cli/package-version.js";
import { createProgram } from "../lib/cli/program.js";
import { commandPage, type Edition } from "./command-page.js";
import { formatPage, roffOf, sectionOf } from "./markdown-page.js";

/** All pages, by the names of their files. */
export function manPages(edition: Edition): Map<string, string> {
  const program = createProgram(
    () => {},
    () => {},
  );
  const reference = readFileSync(new URL("../docs/reference.md", import.meta.url), "utf8");
  const [, environment = ""] = sectionOf(reference, "Command line").split(/(?<=\n)(?=Environment variables )/);
  const commands = [program, ...program.commands].filter((command) => command.name() !== "help");
  const pages = commands.map((command): [string, string] => [
    command === program ? "ucb.1" : `ucb-${command.name()}.1`,
    commandPage(program, command, edition, command === program ? roffOf(environment) : ""),
  ]);
  const about = { name: "callbacks.conf", about: "which callbacks run on which events" };
  const parts = {
    Description: sectionOf(reference, "callbacks.conf"),
    Triggers: sectionOf(reference, "Triggers"),
    Time: sectionOf(reference, "Time"),
    Matching: sectionOf(reference, "Matching"),
    "Files with verbs": sectionOf(reference, ".qcb"),
  };
  return new Map([...pages, ["callbacks.conf.5", formatPage(about, parts, edition)]]);
}

/** The day of the build, or the one that a reproducible build names. */
function today(): string {
  const { SOURCE_DATE_EPOCH } = process.env;
  const ms = SOURCE_DATE_EPOCH === undefined ? Date.now() : Number(SOURCE_DATE_EPOCH) * 1000;
  return new Date(ms).toISOString().slice(0, 10);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL("../man", import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [name, page] of manPages({ version: packageVersion(), date: today() }))
    writeFileSync(join(folder, name), page);
}
