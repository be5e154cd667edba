// Ends in the way its argument says while children run, and says first which they are.
import { Launcher } from "../../../dist/execute/launcher.js";

const [way] = process.argv.slice(2);
const launcher = new Launcher();
const sleeper = { file: "/bin/sleep", args: ["1000"], cwd: "/" };
const launches = Array.from({ length: 3 }, () => launcher.launch(sleeper));
const pids = (await Promise.all(launches.map(({ started }) => started))).map(({ pid }) => pid);
await new Promise((resolve) => process.stdout.write(`${JSON.stringify(pids)}\n`, resolve));

// More on their way, so that the threads are at work when the end comes.
for (let index = 0; index < 50; index += 1) launcher.launch({ file: "/bin/true", cwd: "/" });
for (let index = 0; index < 50; index += 1) launcher.appendLog({ log: "/dev/null", body: "x".repeat(300_000) });

if (way === "exit") process.exit(7);
if (way === "exit when told") {
  launcher.launch({ file: "/bin/true", cwd: "/" }, { started: () => process.exit(7), exited() {}, failed() {} });
}
if (way === "throw") throw new Error("on purpose");
if (way === "leave") {
  await launcher.close({ running: "leave" });
  process.exitCode = 7;
}
if (way === "leave and exit") {
  await launcher.close({ running: "leave" });
  process.exit(7);
}
if (way === "signal") process.kill(process.pid, "SIGTERM");
