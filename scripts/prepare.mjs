// What npm runs after `npm ci` and, with each call, before `npx ucb` in a checkout: builds, unless what is there was built
// from just these sources. Building takes long, and takes the command away while it lasts.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = ["lib", "native/core", "native/addon", "native/third_party", "scripts", "docs/reference.md"];
const settings = ["CMakeLists.txt", "package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const results = ["build/Release/universal_callbacks.node", "dist/index.js", "dist/cli/main.js", "man/ucb.1"];
const stamp = join(root, "build", "prepared");

const signature = signatureOf([...sources, ...settings]);
const isBuilt = results.every((path) => existsSync(join(root, path)));
if (!isBuilt || !existsSync(stamp) || readFileSync(stamp, "utf8") !== signature) {
  const { status } = spawnSync("npm", ["run", "build"], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, signature);
}

/** Of the files' names, sizes and times: enough to see that one was changed, added or removed. */
function signatureOf(paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    const facts = statSync(join(root, path), { throwIfNoEntry: false });
    if (facts === undefined) return;
    if (!facts.isDirectory()) hash.update(`${path}\0${facts.size}\0${facts.mtimeMs}\n`);
    else for (const name of readdirSync(join(root, path)).sort()) add(join(path, name));
  };
  for (const path of paths) add(path);
  return hash.digest("hex");
}
