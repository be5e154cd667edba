import type { Argument, Command, Option } from "commander";
import { collectPaths } from "./common-options.js";

/** What a word on the command line can be, for those who offer words. */
export type WordKind =
  | { kind: "choice"; choices: readonly string[] }
  | { kind: "file" | "directory" | "group" | "run" | "callback" }
  /** Nothing that could be offered, such as a number or an event. */
  | { kind: "free" };

export interface OptionWords {
  long: string;
  short: string | null;
  description: string;
  /** What its value is called and can be; null if it takes none. */
  value: { name: string; words: WordKind } | null;
  /** Whether it may be given several times. */
  repeats: boolean;
}

export interface ArgumentWords {
  name: string;
  words: WordKind;
  /** Whether all words that follow are of it, too. */
  repeats: boolean;
}

/** What may be typed behind a command. */
export interface CommandWords {
  name: string;
  summary: string;
  options: readonly OptionWords[];
  arguments: readonly ArgumentWords[];
}

/** What may be typed, taken from the definitions that `--help` is taken from: the program itself first. */
export function commandWords(program: Command): CommandWords[] {
  const names = program.commands.map((command) => command.name());
  return [program, ...program.commands].map((command) => ({
    name: command.name(),
    summary: command.summary(),
    options: command.createHelp().visibleOptions(command).flatMap(optionWords),
    arguments:
      command === program
        ? [{ name: "COMMAND", words: { kind: "choice", choices: names }, repeats: false }]
        : command.registeredArguments.map((argument) => argumentWords(argument, names)),
  }));
}

function optionWords(option: Option): OptionWords[] {
  const { long, short, flags, description, argChoices, parseArg } = option;
  if (!long) return [];
  const [, name] = /[<[]([^>\]]+)[>\]]/.exec(flags) ?? [];
  return [
    {
      ...{ long, short: short ?? null, description },
      value: name === undefined ? null : { name, words: wordKind(name, argChoices) },
      repeats: parseArg === collectPaths,
    },
  ];
}

function argumentWords(argument: Argument, commands: readonly string[]): ArgumentWords {
  const name = argument.name();
  const choices = name === "COMMAND" ? commands : argument.argChoices;
  return { name, words: wordKind(name, choices), repeats: argument.variadic };
}

const kinds: Readonly<Record<string, "file" | "directory" | "group" | "run" | "callback">> = {
  ...{
    FILE: "file",
    PATH: "file",
    FILE_OR_DIR: "file",
    DIR: "directory",
    GROUP: "group",
    RUN: "run",
    CALLBACK: "callback",
  },
};

/** By what the value is called in the help. */
function wordKind(name: string, choices: readonly string[] | undefined): WordKind {
  if (choices !== undefined) return { kind: "choice", choices };
  const kind = kinds[name];
  return kind === undefined ? { kind: "free" } : { kind };
}
