import type { Command } from "commander";
import type { Configuration } from "../config/configuration.js";
import { type Diagnostic, errorsOf } from "../config/diagnostic.js";
import { renderDiagnostic } from "../config/render-diagnostic.js";
import { findInterpreters } from "../execute/find-interpreters.js";
import { addSiteOptions, directoriesArgument, type SiteOptions } from "./common-options.js";
import { count } from "./count.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { readSite } from "./site.js";
import { StandardOutput } from "./standard-output.js";
import { terminalOf } from "./terminal.js";

export function addCheck(program: Command, finish: Finish): void {
  const command = program
    .command("check")
    .summary("show every mistake at once")
    .description(
      "Reads qb.conf, callbacks.conf and the callbacks they name, and shows every mistake with its file, line and " +
        "column, the line itself and a hint. Errors leave a callback out; warnings do not.",
    )
    .argument(...directoriesArgument);
  addSiteOptions(command)
    .addHelpText("after", epilogue)
    .action(async (directories: string[], options: SiteOptions) => finish(await check(directories, options)));
}

const epilogue = `
Exit codes: 0 nothing is wrong (there may be warnings); 1 there are errors; 2 wrong usage.
With --strict, an event name or type that looks misspelled is an error too.

--json prints one document:
  {"callbacks":[{"file","directory","language","trigger"}],
   "diagnostics":[{"severity","code","message","file","line","column","hint"}]}
with a row for each trigger that holds. Line and column count from 1; 0 means all of it.

Examples:
  ucb check
  ucb check --strict /apps/qube/callback
  ucb check --json --qb-conf ./qb.conf
`;

async function check(directories: readonly string[], options: SiteOptions): Promise<number> {
  const configuration = await readSite(directories, options);
  const { diagnostics: missing } = await findInterpreters(configuration.callbacks);
  const diagnostics = [...configuration.diagnostics, ...missing];
  const output = new StandardOutput();
  output.write(
    options.json === true ? document(configuration, diagnostics) : page(configuration, diagnostics, options),
  );
  await output.flush();
  return errorsOf(diagnostics).length === 0 ? exitCodes.good : exitCodes.no;
}

function document({ callbacks }: Configuration, diagnostics: readonly Diagnostic[]): string {
  const answer = {
    callbacks: callbacks.flatMap(({ file, directory, language, triggers }) =>
      triggers.map(({ trigger }) => ({ file, directory, language, trigger: trigger.text })),
    ),
    diagnostics: diagnostics.map(({ severity, code, message, file, line, column, hint }) => ({
      severity,
      code,
      message,
      file,
      line,
      column,
      hint: hint ?? null,
    })),
  };
  return `${JSON.stringify(answer, null, 2)}\n`;
}

function page(configuration: Configuration, diagnostics: readonly Diagnostic[], { color }: SiteOptions): string {
  const terminal = terminalOf(process.stdout, color);
  const shown = diagnostics.map(
    (diagnostic) => `${renderDiagnostic(diagnostic, { color: terminal.color }).trimEnd()}\n\n`,
  );
  const errors = errorsOf(diagnostics).length;
  const warnings = diagnostics.length - errors;
  const paint = errors > 0 ? terminal.colors.red : warnings > 0 ? terminal.colors.yellow : terminal.colors.green;
  const repeated = diagnostics.filter(({ code }) => code === "WARN_UCB_DIRECTORY_TWICE").length;
  const directories = configuration.directories.length - repeated;
  const where = directories === 1 ? "1 directory" : `${directories} directories`;
  const summary = [
    `${count(configuration.callbacks.length, "callback")} in ${where}`,
    count(errors, "error"),
    count(warnings, "warning"),
  ].join(", ");
  return `${shown.join("")}${paint(summary)}\n`;
}
