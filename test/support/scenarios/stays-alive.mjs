// A launcher that is never closed: the process ends by itself, but not before what was launched and appended is told.
import { Launcher } from "../../../dist/execute/launcher.js";

const [what, log] = process.argv.slice(2);
const launcher = new Launcher();
const sleeper = { file: "/bin/sleep", args: ["0.2"], cwd: "/" };
if (what === "launch")
  launcher.launch(sleeper, { exited: ({ exitCode }) => console.log(`exit ${exitCode}`), failed() {} });
if (what === "log") launcher.appendLog({ log, body: "x".repeat(10_000_000) }).then(() => console.log("logged"));
if (what === "again") {
  let left = 3;
  const next = () => {
    left -= 1;
    if (left > 0) launcher.launch(sleeper, { exited: next, failed() {} });
    else console.log("done");
  };
  next();
}
if (what === "failure nobody listens to") launcher.launch({ file: "/nowhere", cwd: "/" });
if (what === "closed before it was told") {
  const launched = launcher.launch(sleeper);
  launched.started.then(() => launcher.close({ running: "leave" })).then(() => console.log("closed"));
}
