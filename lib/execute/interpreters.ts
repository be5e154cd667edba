import { type ExecFileException, execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { UcbError } from "../errors.js";

export type ScriptLanguage = "python" | "perl";

/** Absolute paths of the executables that scripts are run with; null for a language that was not asked for. */
export interface Interpreters {
  python: string | null;
  perl: string | null;
}

interface Question {
  /** What is looked up in PATH where nothing is configured. */
  command: string;
  /** Prints the real executable and the version, a line each. */
  args: string[];
  needed: readonly [major: number, minor: number];
  package: string;
  /** For people. */
  title: string;
}

const questions: Record<ScriptLanguage, Question> = {
  python: {
    command: "python3",
    // Understood by Python 2 as well, which then says that it is too old. -S: nothing of the site's is imported.
    args: ["-S", "-c", "import sys; print('ucb:' + (sys.executable or '')); print('ucb:%d.%d' % sys.version_info[:2])"],
    needed: [3, 6],
    package: "python3",
    title: "Python 3",
  },
  perl: {
    command: "perl",
    args: ["-e", 'print "ucb:$^X\\n"; printf "ucb:%vd\\n", $^V'],
    needed: [5, 16],
    package: "perl",
    title: "Perl 5",
  },
};

/** Slower than any start of an interpreter, pyenv's shell scripts on a cold disk included. */
const answerTimeoutMs = 30_000;

/**
 * The answers of this process, by language, what was asked and the PATH it was looked up in: an interpreter costs a start
 * to ask, and scripts start often. Failures are not kept, so that installing one is noticed.
 */
const answers = new Map<string, Promise<string>>();

/**
 * Finds the interpreters that `PATH` offers for the languages that are needed.
 * @throws UcbError `ERR_UCB_INTERPRETER` that names what was tried and what to do
 */
export async function resolveInterpreters(
  needed: { python: boolean; perl: boolean },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Interpreters> {
  const [python, perl] = await Promise.all([
    needed.python ? resolveInterpreter("python", null, environment) : null,
    needed.perl ? resolveInterpreter("perl", null, environment) : null,
  ]);
  return { python, perl };
}

/**
 * The real executable behind an interpreter: `configured`, an absolute path, or else what `PATH` offers. What stands
 * there may be a script that picks one at every start, so the interpreter itself is asked, once a process.
 * @throws UcbError `ERR_UCB_INTERPRETER` if it is missing, too old, or no interpreter of the language
 */
export function resolveInterpreter(
  language: ScriptLanguage,
  configured: string | null,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const key = JSON.stringify([language, configured, environment.PATH]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = ask(language, configured, environment);
  answers.set(key, answer);
  answer.catch(() => answers.delete(key));
  return answer;
}

async function ask(
  language: ScriptLanguage,
  configured: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const question = questions[language];
  const tried = configured ?? question.command;
  const { error, stdout, stderr } = await run(tried, question.args, environment);
  const [executable, version] = stdout
    .split("\n")
    .filter((line) => line.startsWith("ucb:"))
    .map((line) => line.slice(4));
  if (error !== null || executable === undefined || version === undefined) {
    throw unusable(language, configured, environment, failureOf(language, configured, error, stderr), error);
  }
  if (!isNewEnough(version, question.needed)) {
    const reason = `is version ${version}, and ${question.needed.join(".")} is the least`;
    throw unusable(language, configured, environment, reason);
  }
  if (!isAbsolute(executable)) {
    throw unusable(language, configured, environment, `does not know its own path (it said "${executable}")`);
  }
  return executable;
}

function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ error: ExecFileException | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { env: { ...env }, timeout: answerTimeoutMs, killSignal: "SIGKILL", maxBuffer: 64 * 1024, encoding: "utf8" },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

function failureOf(
  language: ScriptLanguage,
  configured: string | null,
  error: ExecFileException | null,
  stderr: string,
): string {
  // What stands in PATH under the language's own name is one that is broken; what is configured may be anything.
  const stranger = configured === null ? "" : `is no ${questions[language].title}: it `;
  if (error === null) return `${stranger}did not answer as an interpreter does`;
  if (typeof error.code === "string" && error.code.startsWith("E")) return obstacle(configured, error.code);
  if (error.killed === true) return `did not answer within ${answerTimeoutMs / 1000} s`;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return `${stranger}failed when asked for its version${said === "" ? "" : `: ${said.slice(0, 200)}`}`;
}

/** Why the system did not start it. */
function obstacle(configured: string | null, errno: string): string {
  if (configured === null) return errno === "ENOENT" ? "was not found" : `cannot be run: ${errno}`;
  if (errno !== "ENOENT") return `cannot be executed: ${errno}`;
  if (!existsSync(configured)) return "does not exist";
  return "cannot be executed: what its first line names, or its loader, does not exist";
}

function isNewEnough(version: string, [major, minor]: readonly [number, number]): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

function unusable(
  language: ScriptLanguage,
  configured: string | null,
  environment: Readonly<Record<string, string | undefined>>,
  reason: string,
  error: ExecFileException | null = null,
): UcbError {
  const { command, needed, package: name, title } = questions[language];
  const path = environment.PATH ?? "which is not set";
  const message =
    configured === null
      ? `no usable interpreter for ${language} callbacks: ${command} in PATH (${path}) ${reason}`
      : `the interpreter ${configured} ${reason}`;
  const hint =
    configured === null
      ? `install ${name} ${needed.join(".")} or newer, or set interpreter = /absolute/path in the callback's section of callbacks.conf`
      : `name a ${title}, ${needed.join(".")} or newer, or leave interpreter out for the ${command} of PATH`;
  const system = typeof error?.code === "string" ? { errno: error.code, syscall: error.syscall, path: error.path } : {};
  return new UcbError("ERR_UCB_INTERPRETER", message, { ...system, cause: error ?? undefined, hint });
}
