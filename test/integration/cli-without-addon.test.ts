import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporarySite } from "../support/temporary-site.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("what merely reads a configuration works without the native addon, and the rest says what is missing", () => {
  const site = temporarySite({ "a.py": "", "callbacks.conf": "a.py = done-job-self\n" });
  cpSync(`${root}/dist`, site.path("package/dist"), { recursive: true });
  cpSync(`${root}/package.json`, site.path("package/package.json"));
  symlinkSync(`${root}/node_modules`, site.path("package/node_modules"));
  const main = site.path("package/dist/cli/main.js");
  const ucb = (...args: string[]) => execFileSync(process.execPath, [main, ...args], { encoding: "utf8" });
  expect(ucb("check", site.directory)).toContain("no errors");
  expect(ucb("list", site.directory)).toContain("a.py");
  expect(ucb("explain", "done-job-1", site.directory)).toContain("fires 1 of 1 callback");
  expect(ucb("--help")).toContain("ucb");
  const { status, stderr } = spawnSync(process.execPath, [main, "fire", "done-job-1", site.directory], {
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^ucb: the native addon could not be loaded for .*\nhint: build it/);
});
