import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";

/** What every command that reads a site's configuration takes. */
export interface SiteOptions {
  qbConf?: string;
  strict?: boolean;
  json?: boolean;
  color?: boolean;
}

/** What commands take that run callbacks. */
export interface RunningOptions extends SiteOptions {
  logpath?: string;
}

export const directoriesArgument = [
  "[DIR...]",
  "callback directories, each with a callbacks.conf (default: those that qb.conf names)",
  collectPaths,
] as const;

export function addSiteOptions(command: Command): Command {
  return command
    .option("--qb-conf <FILE>", "read this qb.conf (default: /etc/qb.conf, if there is one)", toAbsolute)
    .option("--strict", "take doubtful names for errors, and nothing at all if there is an error")
    .option("--json", "print for programs instead of people")
    .option("--color", "color the output (default: on terminals, unless NO_COLOR is set)")
    .option("--no-color", "do not color the output");
}

export function addLogpathOption(command: Command): Command {
  return command.option("--logpath <DIR>", "file the output of runs there (default: supervisor_logpath)", toAbsolute);
}

/** Paths mean what they mean where the command was typed. */
export function toAbsolute(path: string): string {
  return resolve(toPath(path));
}

/** Collects what may be given several times. */
export function collectPaths(path: string, paths: readonly string[] = []): string[] {
  return [...paths, toPath(path)];
}

/** Empty is what a shell makes of a variable that is not set; it never means the working directory. */
export function toPath(path: string): string {
  if (path === "") throw new InvalidArgumentError("It is an empty path.");
  return path;
}
