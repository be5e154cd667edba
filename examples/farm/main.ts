import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { CallbackEngine, renderDiagnostic, UcbError } from "universal-callbacks";
import { type Arguments, readArguments, usage } from "./arguments.js";
import { wantsColors } from "./colors.js";
import { Connection } from "./connection.js";
import { readFailures } from "./failures.js";
import { Farm } from "./farm.js";
import { type Folders, openFolders } from "./folders.js";
import { Interruption } from "./interruption.js";
import { type JobList, readJobList } from "./job-list.js";
import { Journal } from "./journal.js";
import { MailServer } from "./mail-server.js";
import { Progress } from "./progress.js";
import { installSite, writeQbConf } from "./site.js";
import { renderSummary } from "./summary.js";
import { FarmSupervisor } from "./supervisor.js";

const exampleSite = fileURLToPath(new URL("../site", import.meta.url));
const firstId = 1001;

/** Reads what the command line names, runs the farm on it and returns the exit status. */
async function main(): Promise<number> {
  let prepared: { options: Arguments; list: JobList; folders: Folders };
  try {
    const options = readArguments(process.argv.slice(2), process.env);
    if (options === null) {
      process.stdout.write(usage);
      return 0;
    }
    const list = await readJobList(options.jobs, firstId);
    prepared = { options, list, folders: await openFolders(options.output) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n(--help tells more)\n`);
    return 2;
  }
  const mailServer = await MailServer.start(prepared.folders.mail);
  try {
    return await runFarm(prepared.options, prepared.list, prepared.folders, mailServer);
  } catch (error) {
    if (!(error instanceof UcbError)) throw error;
    process.stderr.write(`${error.message} [${error.code}]\n${error.hint === undefined ? "" : `${error.hint}\n`}`);
    return 1;
  } finally {
    await mailServer.close();
  }
}

async function runFarm(
  { callbacks }: Arguments,
  { hosts, jobs }: JobList,
  folders: Folders,
  mailServer: MailServer,
): Promise<number> {
  const interruption = new Interruption();
  const directory = callbacks ?? folders.callback;
  if (callbacks === null) await installSite(exampleSite, directory);
  await writeQbConf(folders.qbConf, { callbacks: directory, logPath: folders.log, mailPort: mailServer.port });

  const farm = new Farm({ hosts, output: folders.output, firstId });
  const supervisor = new FarmSupervisor(farm);
  const engine = await CallbackEngine.open({ qbConf: folders.qbConf, directories: [directory], supervisor });
  const connection = new Connection(farm, engine);
  const journal = new Journal(farm, engine);
  // Whatever happens to this process, what the farm started does not outlive it.
  process.once("exit", () => farm.stop());

  const color = wantsColors(process.stderr);
  for (const diagnostic of engine.diagnostics) process.stderr.write(`${renderDiagnostic(diagnostic, { color })}\n`);
  process.stdout.write(`${jobs.length} jobs; callbacks of ${directory}; output in ${folders.output}\n\n`);
  const progress = new Progress(farm, engine, process.stdout);
  for (const job of jobs) farm.submit(job);
  const signal = await Promise.race([connection.idle(), interruption.signal]);
  progress.stop();
  if (signal !== undefined) process.stderr.write(`${signal}: ending what still runs\n`);
  // What a callback has suspended and none will resume is all that can be left without a signal.
  connection.cut();
  farm.stop();
  await engine.close({ running: signal === undefined ? "wait" : "terminate" });
  interruption.stopListening();

  const ownCallbacks = callbacks === null;
  const failures = ownCallbacks ? await readFailures(folders.failures) : null;
  process.stdout.write(`\n${renderSummary({ journal, mails: mailServer.mails, failures, folders, ownCallbacks })}`);
  return signal === undefined ? exitStatus(journal, engine) : 128 + constants.signals[signal];
}

function exitStatus(journal: Journal, engine: CallbackEngine): number {
  const waiting = journal.jobs.filter(({ job, removed }) => !job.ended && !removed);
  for (const { job } of waiting) {
    process.stderr.write(
      `job ${job.id} (${job.spec.name}) is still ${job.status}, and nothing is left that would end it\n`,
    );
  }
  const mistakes = engine.diagnostics.filter(({ severity }) => severity === "error").length;
  if (mistakes > 0) process.stderr.write(`the configuration has mistakes: ${mistakes}, shown above\n`);
  const wrong = journal.callbacks.some(({ bad }) => bad.length > 0);
  return waiting.length > 0 || mistakes > 0 || wrong ? 1 : 0;
}

process.exitCode = await main();
