// Lets `npx ucb` find the command in a checkout at once. Without the link npm would install the package into its cache
// first, which costs seconds each time.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";

chmodSync("dist/cli/main.js", 0o755);
mkdirSync("node_modules/.bin", { recursive: true });
rmSync("node_modules/.bin/ucb", { force: true });
symlinkSync("../../dist/cli/main.js", "node_modules/.bin/ucb");
