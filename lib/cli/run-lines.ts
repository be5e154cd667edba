import type { Action } from "../bridge/supervisor.js";
import { actionLine, runLine } from "../daemon/wire.js";
import type { UcbError } from "../errors.js";
import type { Run } from "../execute/run.js";
import type { StandardOutput } from "./standard-output.js";

/** Tells programs what happens, a JSON document a line. */
export class RunLines {
  readonly #output: StandardOutput;

  constructor(output: StandardOutput) {
    this.#output = output;
  }

  asked(action: Action): void {
    this.#write(actionLine(action));
  }

  ended(run: Run): void {
    this.#write(runLine(run));
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
