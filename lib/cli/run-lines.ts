import type { Action } from "../bridge/supervisor.js";
import type { UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import type { StandardOutput } from "./standard-output.js";

/** Tells programs what happens, a JSON document a line. */
export class RunLines {
  readonly #output: StandardOutput;

  constructor(output: StandardOutput) {
    this.#output = output;
  }

  asked({ verb, target, ids, by }: Action): void {
    this.#write({ action: { verb, target, ids, run: by.id } });
  }

  ended(run: Run): void {
    const { id, callback, event, jobId, state, pid, exitCode, signal, durationMs, log, reason, warm } = run;
    this.#write({
      run: { id, callback, event, jobId, state, pid, exitCode, signal, durationMs, log, reason, ...coldOf(warm) },
    });
  }

  /** The line with that number of a file, or of standard input (null), is none that can be taken. */
  refused(
    { file, line }: { file: string | null; line: number },
    { message, code }: Pick<UcbError, "message" | "code">,
  ): void {
    this.#write({ error: { file, line, message, code } });
  }

  /** Nothing is kept back. */
  async done(): Promise<void> {}

  #write(record: object): void {
    this.#output.write(`${JSON.stringify(record)}\n`);
  }
}

/** Only what should have been warm and was not: of all others nobody need know. */
function coldOf(warm: boolean | string | undefined): { warm?: string } {
  return typeof warm === "string" ? { warm } : {};
}
