// Launchers closed in every mode at every moment of their lives, several at once; prints what is left at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Launcher } from "../../../dist/execute/launcher.js";
import { heldBeyond, settledHoldings } from "./holdings.mjs";

const folder = mkdtempSync(join(tmpdir(), "ucb-close-"));
const shell = (script) => ({ file: "/bin/sh", args: ["-c", script], cwd: "/", output: join(folder, "output") });

const moments = {
  async "at once"() {},
  async "with launches in the queue"(launcher) {
    for (let index = 0; index < 20; index += 1) launcher.launch(shell("exit 0"));
  },
  async "while they run"(launcher) {
    await Promise.all(Array.from({ length: 4 }, () => launcher.launch(shell("sleep 0.05")).started));
  },
  async "when they have ended"(launcher) {
    await launcher.launch(shell("exit 0")).exited;
  },
  async "after failures"(launcher) {
    await launcher.launch({ file: "/nowhere", cwd: "/" }).exited.catch(() => {});
  },
  async "while a log is written"(launcher) {
    for (let index = 0; index < 5; index += 1) {
      launcher.appendLog({ log: join(folder, "log"), body: "x".repeat(300_000) }).catch(() => {});
    }
  },
};

async function round() {
  const closings = [];
  for (const moment of Object.values(moments)) {
    for (const running of ["wait", "leave", "terminate"]) {
      const launcher = new Launcher();
      await moment(launcher);
      closings.push(launcher.close({ running }));
    }
  }
  await Promise.all(closings);
  return closings.length;
}

await round();
const before = await settledHoldings();
let rounds = 0;
for (; rounds < 12; rounds += 1) await round();
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ rounds, left: await heldBeyond(before) }));
