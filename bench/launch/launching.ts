/** A way to run `/bin/true` as callbacks are run: detached, output to a file, exit status collected. */
export interface Launching {
  readonly name: string;
  /** Calls `ended` with the exit status once the process has ended. `output` does not exist yet. */
  launch(output: string, ended: (exitCode: number | null) => void): void;
  close(): Promise<void>;
}

export const program = "/bin/true";
