import { closeSync, openSync } from "node:fs";
import { execa } from "execa";
import { type Launching, program } from "./launching.js";

/** With a descriptor for its output, which costs it less than the name of a file. */
export function execaLaunching(): Launching {
  return {
    name: "execa",
    launch(output, ended) {
      const file = openSync(output, "a");
      const child = execa(program, [], {
        detached: true,
        cleanup: false,
        reject: false,
        stdin: "ignore",
        // It takes any descriptor; its types know only the first three.
        stdout: file as 1,
        stderr: file as 1,
        cwd: "/",
        env: {},
        extendEnv: false,
      });
      closeSync(file);
      void child.then(({ exitCode }) => ended(exitCode ?? null));
    },
    close: async () => {},
  };
}
