// Puts what was built where the tarball carries it, after making sure that older systems can load it.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The oldest C library what is prebuilt promises to run on: Debian 12, Ubuntu 22.04, RHEL 9. */
const newestAllowed = [2, 34];

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "prebuilds", `${process.platform}-${process.arch}`);

mkdirSync(folder, { recursive: true });
for (const name of ["universal_callbacks.node", "fork_host.so"]) {
  const built = join(root, "build", "Release", name);
  const symbols = execFileSync("objdump", ["-T", built], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const tooNew = [...symbols.matchAll(/\(?GLIBC_(\d+)\.(\d+)[.\d]*\)?\s+(\S+)/g)].filter(
    ([, major, minor]) =>
      Number(major) > newestAllowed[0] || (Number(major) === newestAllowed[0] && Number(minor) > newestAllowed[1]),
  );
  if (tooNew.length > 0) {
    const names = tooNew.map(([, major, minor, symbol]) => `${symbol} (glibc ${major}.${minor})`);
    console.error(`${name} needs symbols newer than glibc ${newestAllowed.join(".")}: ${names.join(", ")}`);
    process.exit(1);
  }
  copyFileSync(built, join(folder, name));
  console.log(`prebuilds/${process.platform}-${process.arch}/${name}`);
}
