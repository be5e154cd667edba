import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";

export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Given to standard input, which is then closed. */
  input?: string | Uint8Array;
  cwd?: string;
  /** In addition to the few variables every program needs. */
  env?: Record<string, string>;
}

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs the built command to its end. */
export function runCommand(args: readonly string[], { input = "", ...options }: CommandOptions = {}) {
  const command = new RunningCommand(process.execPath, [main, ...args], options);
  command.child.stdin.end(input);
  return command.ended;
}

/** Starts the built command and leaves its standard input open. */
export function startCommand(args: readonly string[], options: Omit<CommandOptions, "input"> = {}): RunningCommand {
  return new RunningCommand(process.execPath, [main, ...args], options);
}

/** Runs the built command on a terminal of its own; stdout holds what the terminal shows, line ends as a terminal's. */
export function runOnTerminal(
  args: readonly string[],
  options: Omit<CommandOptions, "input"> & { columns: number },
): Promise<CommandResult> {
  return startOnTerminal(args, options).ended;
}

/** Starts what {@link runOnTerminal} runs to its end. */
export function startOnTerminal(
  args: readonly string[],
  { columns, ...options }: Omit<CommandOptions, "input"> & { columns: number },
): RunningCommand {
  const python = "import os, pty, sys; sys.exit(os.WEXITSTATUS(pty.spawn(sys.argv[1:])))";
  const shell = `stty cols ${columns}; exec "$@"`;
  return new RunningCommand("python3", ["-c", python, "sh", "-c", shell, "sh", process.execPath, main, ...args], {
    ...options,
    env: { TERM: "xterm", ...options.env },
  });
}

/** A process that does not outlive its test. */
export class RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CommandResult>;
  stdout = "";
  stderr = "";

  constructor(file: string, args: readonly string[], { cwd, env = {} }: Omit<CommandOptions, "input">) {
    if (!existsSync(main)) throw new Error(`${main} does not exist: npm run build:lib makes it`);
    const { PATH = "", HOME = "" } = process.env;
    this.child = spawn(file, args, { cwd, env: { PATH, HOME, LANG: "C.UTF-8", ...env } });
    onTestFinished(() => void this.child.kill("SIGKILL"));
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    // A command that ends early need not read all its input.
    this.child.stdin.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves when the text has come on one of the outputs. */
  async said(text: string): Promise<void> {
    await vi.waitFor(
      () => {
        if (!(this.stdout + this.stderr).includes(text)) {
          throw new Error(`"${text}" is not in: ${this.stdout}${this.stderr}`);
        }
      },
      { timeout: 30_000, interval: 10 },
    );
  }
}
