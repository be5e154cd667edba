import type { Command } from "commander";
import { argument, bold, entry, escaped, heading, prose, section, verbatim } from "./roff.js";

/** What all pages say of the package. */
export interface Edition {
  version: string;
  date: string;
}

/**
 * The manual page of a command, or of the program itself, from the definitions that its `--help` is made from; `environment` is
 * roff.
 */
export function commandPage(program: Command, command: Command, edition: Edition, environment = ""): string {
  const isProgram = command === program;
  const name = isProgram ? "ucb" : `ucb-${command.name()}`;
  const help = command.createHelp();
  const { paragraphs, exitCodes, examples } = epilogueOf(command);
  const places = help
    .visibleArguments(command)
    .map((place) => entry(bold(place.name()), prose(help.argumentDescription(place))));
  const commands = help
    .visibleCommands(command)
    .map((each) => entry(bold(`ucb ${each.name()}`), prose(each.summary())));
  const options = help
    .visibleOptions(command)
    .map((option) => entry(bold(help.optionTerm(option)), prose(help.optionDescription(option))));
  const others = isProgram
    ? [
        ...program.commands.filter((each) => each.name() !== "help").map((each) => `ucb-${each.name()}(1)`),
        "callbacks.conf(5)",
      ]
    : ["ucb(1)", "callbacks.conf(5)"];
  return [
    heading(name, 1, edition),
    section(
      "Name",
      `${escaped(name)} \\- ${prose(isProgram ? "run callbacks on the events of a job supervisor" : command.summary())}\n`,
    ),
    section("Synopsis", `.B ${argument(help.commandUsage(command))}\n`),
    section("Description", [`${prose(command.description())}\n`, ...places, ...paragraphs].join("")),
    section("Commands", commands.join("")),
    section("Options", options.join("")),
    section("Environment", environment),
    section("Exit status", exitCodes),
    section("Examples", examples),
    section("See also", `${others.map((other) => bold(other)).join(",\n")}\n`),
  ].join("");
}

/** What stands behind the options in the help, taken apart. */
function epilogueOf(command: Command): { paragraphs: string[]; exitCodes: string; examples: string } {
  const paragraphs: string[] = [];
  let exitCodes = "";
  let examples = "";
  for (const block of helpBehindOptions(command).split(/\n{2,}/)) {
    const text = block.replace(/^\n+|\s+$/g, "");
    if (text.startsWith("Exit codes: ")) exitCodes = exitStatus(text.slice("Exit codes: ".length));
    else if (text.startsWith("Examples:\n")) examples = shown(text.slice("Examples:\n".length));
    else if (text !== "") paragraphs.push(shown(text));
  }
  return { paragraphs, exitCodes, examples };
}

function helpBehindOptions(command: Command): string {
  let text = "";
  const { writeOut } = command.configureOutput();
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  command.configureOutput(writeOut === undefined ? {} : { writeOut });
  return text.slice(command.helpInformation().length);
}

/** A paragraph with what is indented below it shown as it is. */
function shown(text: string): string {
  const lines = text.split("\n");
  const parts: string[] = [];
  while (lines.length > 0) {
    const isVerbatim = lines[0]?.startsWith("  ") === true;
    const end = lines.findIndex((line) => line.startsWith("  ") !== isVerbatim);
    const block = lines.splice(0, end < 0 ? lines.length : end);
    parts.push(
      isVerbatim ? verbatim(block.map((line) => line.slice(2)).join("\n")) : `.PP\n${prose(block.join(" "))}\n`,
    );
  }
  return parts.join("");
}

/** `0 good; 1 bad; 2 worse.` as a list. */
function exitStatus(text: string): string {
  const [codes = "", ...rest] = text.replace(/\s+/g, " ").split(/(?<=\.) (?=[A-Z])/);
  const entries = codes
    .replace(/\.$/, "")
    .split(/; (?=\d )/)
    .map((each) => entry(bold(each.slice(0, 1)), prose(each.slice(2))));
  return [...entries, ...rest.map((sentence) => `.PP\n${prose(sentence)}\n`)].join("");
}
