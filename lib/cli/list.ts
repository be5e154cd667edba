import type { Command } from "commander";
import type { Callback, Configuration } from "../config/configuration.js";
import { coldReason } from "../execute/cold-reason.js";
import { addSiteOptions, directoriesArgument, type SiteOptions } from "./common-options.js";
import { exitCodes, type Finish } from "./exit-codes.js";
import { limitsText } from "./limits-text.js";
import { noteErrors, readUsableSite } from "./site.js";
import { spanOfTime } from "./span-of-time.js";
import { StandardOutput } from "./standard-output.js";
import { table } from "./table.js";
import { harmless, type Terminal, terminalOf } from "./terminal.js";

export function addList(program: Command, finish: Finish): void {
  const command = program
    .command("list")
    .summary("show callbacks, triggers, languages and options")
    .description("Shows the callbacks that hold, in the order of directories and lines, with what was set for them.")
    .argument(...directoriesArgument);
  addSiteOptions(command)
    .addHelpText("after", epilogue)
    .action(async (directories: string[], options: SiteOptions) => finish(await list(directories, options)));
}

const epilogue = `
Of the environment that a callback is given only the names are shown: values may be secret. Limits are
shown where they are not the usual ones.

Exit codes: 0 the configuration was read (\`ucb check\` says what is wrong with it);
1 nothing of it can be used, or there are errors and --strict was given; 2 wrong usage.

--json prints one document:
  {"callbacks":[{"file","directory","language","triggers":["..."],"timeoutMs","enabled","env":["NAME"],"interpreter",
    "maxRunning","serial","throttle":{"runs","periodMs","per"},"queue","overflow","retry":{"times","delayMs"},
    "breaker":{"failures","pauseMs"},"onLost","nice","limits":{"memory","files","output"},"warm","preload":["MODULE"]}]}
Limits that do not hold are null.

Examples:
  ucb list
  ucb list --json /apps/qube/callback | jq -r '.callbacks[].file'
`;

async function list(directories: readonly string[], options: SiteOptions): Promise<number> {
  const configuration = await readUsableSite(directories, options);
  if (configuration === null) return exitCodes.no;
  const output = new StandardOutput();
  output.write(
    options.json === true ? document(configuration) : page(configuration, terminalOf(process.stdout, options.color)),
  );
  noteErrors(configuration);
  await output.flush();
  return exitCodes.good;
}

function document({ callbacks }: Configuration): string {
  const answer = {
    callbacks: callbacks.map(({ file, directory, language, triggers, options }) => ({
      file,
      directory,
      language,
      triggers: triggers.map(({ trigger }) => trigger.text),
      timeoutMs: options.timeoutMs,
      enabled: options.enabled,
      env: Object.keys(options.env),
      interpreter: options.interpreter,
      maxRunning: options.maxRunning,
      serial: options.serial,
      throttle: options.throttle,
      queue: options.queue,
      overflow: options.overflow,
      retry: options.retry,
      breaker: options.breaker,
      onLost: options.onLost,
      nice: options.nice,
      limits: options.limits,
      warm: warmOf(options),
      preload: options.preload,
    })),
  };
  return `${JSON.stringify(answer, null, 2)}\n`;
}

function page({ callbacks, directories }: Configuration, terminal: Terminal): string {
  return directories
    .map((directory) => {
      const own = callbacks.filter((callback) => callback.directory === directory);
      const title = terminal.colors.bold(harmless(directory));
      return own.length === 0 ? `${title}\nno callbacks\n` : `${title}\n${tableOf(own, terminal)}`;
    })
    .join("\n");
}

function tableOf(callbacks: readonly Callback[], { colors, width }: Terminal): string {
  const columns = [
    { title: colors.dim("callback"), flexible: true },
    { title: colors.dim("trigger"), flexible: true },
    { title: colors.dim("language") },
    { title: colors.dim("options"), flexible: true },
  ];
  const rows = callbacks.map((callback) => [
    harmless(callback.file),
    callback.triggers.map(({ trigger }) => harmless(trigger.text)).join("\n"),
    callback.language,
    optionsOf(callback).map(harmless).join("\n"),
  ]);
  return table(columns, rows, width);
}

/** What was set, or why it cannot be. */
function warmOf({ warm, env }: Callback["options"]): string {
  const reason = warm === "no" ? null : coldReason(env);
  return reason === null ? warm : `no: ${reason}`;
}

function optionsOf({ options, language }: Callback): string[] {
  const names = Object.keys(options.env);
  return [
    ...(options.enabled ? [] : ["disabled"]),
    ...(language === "qube" ? [] : [`timeout ${spanOfTime(options.timeoutMs)}`]),
    ...(options.interpreter === null ? [] : [`interpreter ${options.interpreter}`]),
    ...(names.length === 0 ? [] : [`env ${names.join(" ")}`]),
    ...(warmOf(options) === "auto" ? [] : [`warm ${warmOf(options)}`]),
    ...(options.preload.length === 0 ? [] : [`preload ${options.preload.join(" ")}`]),
    ...limitsText(options, language !== "qube"),
  ];
}
