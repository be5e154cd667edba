// A supervisor that launches the shell scripts of its arguments, says which processes they are, and runs until killed.
import { Launcher } from "../../../dist/execute/launcher.js";

const launcher = new Launcher();
const env = { PATH: "/usr/bin:/bin" };
const started = await Promise.all(
  process.argv.slice(2).map(
    (script, index) =>
      launcher.launch({
        file: "/bin/sh",
        args: ["-c", script],
        env: { ...env, UCB_RUN_ID: `run-${process.pid}-${index}`, UCB_ATTEMPT: String(index + 1) },
        cwd: "/",
      }).started,
  ),
);
const runIds = started.map((_, index) => `run-${process.pid}-${index}`);
process.stdout.write(`${JSON.stringify({ started, runIds })}\n`);
setInterval(() => {}, 1000);
