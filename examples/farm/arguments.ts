import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Arguments {
  /** Absolute path of the callback directory; null for the example's own. */
  callbacks: string | null;
  jobs: string;
  /** Absolute path of the folder to write to; null for a new one under the system's folder for temporary files. */
  output: string | null;
}

export const usage = `Runs a small farm on a list of jobs, with callbacks.

  npm start                                         the example's jobs and callbacks
  npm start -- --callbacks DIR --jobs FILE          jobs and callbacks of your own

  --callbacks DIR   callback directory (default: a copy of examples/site)
  --jobs FILE       job list, described in examples/README.md (default: examples/farm/jobs.json)
  --output DIR      where results, logs and mails go (default: a new folder for temporary files)
  --help            this text

Exit status: 0 if all jobs came to an end and no callback failed, 1 if not, 2 for wrong arguments or a wrong job list.
`;

/** @throws Error for people if an argument is wrong; null if help is asked for */
export function readArguments(argv: readonly string[], environment: NodeJS.ProcessEnv): Arguments | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      callbacks: { type: "string" },
      jobs: { type: "string" },
      output: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  // npm changes to the package's folder first: paths are meant from where the command was typed.
  const from = environment.npm_lifecycle_event === "start" ? environment.INIT_CWD : undefined;
  const absolute = (path: string) => resolve(from ?? process.cwd(), path);
  return {
    callbacks: values.callbacks === undefined ? null : absolute(values.callbacks),
    jobs: values.jobs === undefined ? fileURLToPath(new URL("jobs.json", import.meta.url)) : absolute(values.jobs),
    output: values.output === undefined ? null : absolute(values.output),
  };
}
