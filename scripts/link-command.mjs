// Puts the command of a checkout where npm puts those of packages, for whoever has node_modules/.bin on the PATH.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";

chmodSync("dist/cli/main.js", 0o755);
mkdirSync("node_modules/.bin", { recursive: true });
rmSync("node_modules/.bin/ucb", { force: true });
symlinkSync("../../dist/cli/main.js", "node_modules/.bin/ucb");
