// A worker that launches without end, in several launchers, until it is ended from outside or in the way it is told to.
import { parentPort, workerData } from "node:worker_threads";
import { Launcher } from "../../../dist/execute/launcher.js";

const { way, log } = workerData;
let told = 0;
parentPort.postMessage("loaded");

function tell() {
  told += 1;
  if (told === 3) parentPort.postMessage("at work");
  if (told < 6) return;
  if (way === "exit when told") process.exit(0);
  if (way === "throw when told") throw new Error("on purpose");
}

function keepLaunching(launcher, options) {
  const next = () => {
    tell();
    launcher.launch(options, { exited: next, failed: next });
  };
  next();
}

for (let index = 0; index < 2; index += 1) {
  const launcher = new Launcher();
  keepLaunching(launcher, { file: "/bin/true", cwd: "/", stdin: "payload" });
  keepLaunching(launcher, { file: "/bin/true", cwd: "/", output: log });
  keepLaunching(launcher, { file: "/nowhere", cwd: "/" });
  keepLaunching(launcher, { file: "/bin/sleep", args: ["0.02"], cwd: "/", timeoutMs: 10_000, slowAfterMs: 1 });
  launcher.launch({ file: "/bin/sleep", args: ["0.3"], cwd: "/" });
  const append = () => launcher.appendLog({ log, body: "x".repeat(300_000) }).then(append);
  append();
}
if (way === "close") {
  const launcher = new Launcher();
  launcher.launch({ file: "/bin/true", cwd: "/" }).exited.then(() => launcher.close());
}
if (way === "block") for (;;);
