import { Launcher } from "../../lib/execute/launcher.js";
import { type Launching, program } from "./launching.js";

export const ourName = "universal-callbacks";
/** Threads that launch; the C loop is given as many. */
export const launchThreads = 2;

export function ours(): Launching {
  const launcher = new Launcher({ threads: launchThreads });
  return {
    name: ourName,
    launch(output, ended) {
      launcher.launch(
        { file: program, cwd: "/", output },
        {
          exited: ({ exitCode }) => ended(exitCode),
          failed(error) {
            throw error;
          },
        },
      );
    },
    close: () => launcher.close(),
  };
}
