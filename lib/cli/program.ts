import { Command, CommanderError } from "commander";
import { addCheck } from "./check.js";
import { complain } from "./complaint.js";
import { addCompletion } from "./completion.js";
import { addEmit } from "./emit.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { addExplain } from "./explain.js";
import { addFire } from "./fire.js";
import { addHelp } from "./help.js";
import { addInit } from "./init.js";
import { addList } from "./list.js";
import { addLog } from "./log.js";
import { packageVersion } from "./package-version.js";
import { addPending } from "./pending.js";
import { addReload } from "./reload.js";
import { addReplay } from "./replay.js";
import { addRun } from "./run.js";
import { addRuns } from "./runs.js";
import { StandardOutput } from "./standard-output.js";
import { addStatus } from "./status.js";

/** Does what the command line asks for and returns the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.good;
  const help = new StandardOutput();
  // Notes that nobody reads are no reason to stop in the middle.
  process.stderr.on("error", () => {});
  const program = createProgram(
    (text) => help.write(text),
    (code) => {
      exitCode = code;
    },
  );
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return await afterHelp(help, error);
    complain(error);
    return exitCodes.no;
  }
}

async function afterHelp(help: StandardOutput, error: CommanderError): Promise<number> {
  try {
    await help.flush();
    return exitCodeOf(error);
  } catch (failure) {
    complain(failure);
    return exitCodes.no;
  }
}

/** The command line as it is defined; help goes to `writeHelp`. */
export function createProgram(writeHelp: (text: string) => void, finish: Finish): Command {
  const program = new Command("ucb")
    .description("Runs a site's callbacks when the events of a job supervisor match the rules of a directory.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .usage("COMMAND [options]")
    .exitOverride()
    .showHelpAfterError("see `ucb --help`")
    .configureOutput({
      writeOut: writeHelp,
      outputError: (text, write) => write(text.replace(/^error: /, "ucb: ")),
    })
    .addHelpText("after", epilogue);
  const commands = [
    ...[addInit, addCheck, addList, addExplain, addFire, addRun],
    ...[addEmit, addStatus, addRuns, addPending, addLog, addReload, addReplay, addCompletion, addHelp],
  ];
  for (const add of commands) add(program, finish);
  for (const command of program.commands) command.showHelpAfterError(`see \`ucb ${command.name()} --help\``);
  return program;
}

const epilogue = `
DIR is a callback directory: scripts and a callbacks.conf that says which events run them. Without
one, the directories are read that supervisor_universal_callback_path in qb.conf names.

An EVENT is written name-type-jobid or name-type-jobid-extra:
  submit-job-1001   complete-work-1001-17   failed-subjob-1001-2   globaltime-809222400

Exit codes: 0 good; 1 the answer is no, or something failed; 2 wrong usage.

Examples:
  ucb init callback                                  begin a callback directory
  ucb check /apps/qube/callback                      is everything right?
  ucb explain complete-work-1001-17                  what would this event run, and why not the rest?
  ucb fire failed-job-1001 --job job.json            run it for real
  supervisor-events | ucb run                        run what a stream of events asks for
  ucb run --socket ./ucb.sock                        the same as a daemon; then, from elsewhere:
  ucb emit failed-job-1001 --socket ./ucb.sock       report an event to it
`;

/** Asking for help or for the version is no wrong usage; asking for nothing is. */
function exitCodeOf({ code }: CommanderError): number {
  return code === "commander.helpDisplayed" || code === "commander.version" ? exitCodes.good : exitCodes.usage;
}
