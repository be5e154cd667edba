import type { Command } from "commander";
import { closestOf } from "../config/did-you-mean.js";
import { exitCodes, type Finish } from "./exit-codes.js";

/** Instead of commander's own, which answers an unknown command with the general help. */
export function addHelp(program: Command, finish: Finish): void {
  program
    .helpCommand(false)
    .command("help")
    .summary("print what a command does, takes and returns")
    .description("Prints what a command does, takes and returns, as its --help does.")
    .argument("[COMMAND]", "the command (default: what all commands are)")
    .action((name?: string) => {
      commandOf(program, name).outputHelp();
      finish(exitCodes.good);
    });
}

function commandOf(program: Command, name: string | undefined): Command {
  if (name === undefined) return program;
  const command = program.commands.find((each) => each.name() === name);
  if (command !== undefined) return command;
  const names = program.commands.map((each) => each.name());
  const meant = closestOf(name, names);
  const suggestion = meant === undefined ? "" : `\n(Did you mean ${meant}?)`;
  return program.error(`error: unknown command '${name}'${suggestion}`, { exitCode: exitCodes.usage });
}
