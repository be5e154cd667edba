import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { LaunchOptions } from "../../lib/execute/launch-options.js";
import { Launcher } from "../../lib/index.js";
import { openEngine, temporarySite } from "../support/temporary-site.js";

const patience = { timeout: 30_000, interval: 5 };

/** Shows what the script is taken from: the descriptor that was checked, or whatever has its path by now. */
const reader = `
import os
link = os.readlink("/proc/self/fd/3")
print(link, os.read(3, 100).decode().strip(), sorted(int(name) for name in os.listdir("/proc/self/fd") if int(name) < 4))
`;

async function output(options: Omit<LaunchOptions, "cwd" | "output" | "file">, folder: string): Promise<string> {
  const launcher = new Launcher();
  const file = join(folder, "output");
  const program = execFileSync("sh", ["-c", "readlink -f $(command -v python3)"], { encoding: "utf8" }).trim();
  const { exited } = launcher.launch({ file: program, cwd: "/", output: file, ...options });
  await exited;
  await launcher.close();
  return execFileSync("cat", [file], { encoding: "utf8" });
}

test.each([
  ["plainly", {}],
  ["within limits", { nice: 1, limits: { files: 64 } }],
])("a program that is started %s finds the script as it was checked", async (_, limits) => {
  const site = temporarySite({ "script.txt": "the script\n" });
  const path = join(site.directory, "script.txt");
  const args = ["-c", reader];
  const script = { path, groups: [], passed: true };
  expect(await output({ args, script, ...limits }, site.path("."))).toBe(`${path} the script [0, 1, 2, 3]\n`);
});

test("a script that is replaced while its interpreter starts is run as it was when it was checked", async () => {
  const site = temporarySite({
    "script.py": "print('as it was checked', __file__)\nimport os\nprint('UCB_SCRIPT_DESCRIPTOR' in os.environ)\n",
  });
  // What Python imports before all else takes its time, so that the script can be replaced under it.
  const modules = site.path("modules");
  mkdirSync(modules);
  const [started, gate] = [site.path("started"), site.path("gate")];
  const waits = `import os, time\nopen(${JSON.stringify(started)}, "w")\nwhile not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)\n`;
  writeFileSync(join(modules, "sitecustomize.py"), waits);
  const options = `[script.py]\nwarm = no\nenv.PYTHONPATH = ${modules}\n`;
  writeFileSync(join(site.directory, "callbacks.conf"), `script.py = done-job-self\n${options}`);
  const { engine, ended } = await openEngine(site);
  expect(engine.diagnostics).toEqual([]);
  engine.emit("done-job-7");
  await vi.waitUntil(() => existsSync(started), patience);
  const path = join(site.directory, "script.py");
  writeFileSync(`${path}.new`, "print('replaced')\n");
  renameSync(`${path}.new`, path);
  writeFileSync(gate, "");
  await engine.idle();
  expect(ended).toMatchObject([{ state: "succeeded" }]);
  const log = execFileSync("cat", [join(site.logPath, "job/0/7/7.cb")], { encoding: "utf8" });
  expect(log).toContain(`\nas it was checked ${path}\nFalse\n`);
});
