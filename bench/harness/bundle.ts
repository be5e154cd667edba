import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..", "..");

/**
 * Bundles programs of `bench/` with the library into one plain file each, so that they run as an application's code
 * does: no loader in the process, whose threads and memory would be measured along. Returns the folder of the files; it
 * lies beside `lib`, where the addon is looked for from.
 */
export async function bundle(programs: Readonly<Record<string, string>>): Promise<string> {
  const outdir = join(root, "build-bench");
  await build({
    entryPoints: Object.entries(programs).map(([out, source]) => ({ out, in: join(root, "bench", source) })),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "linked",
    logLevel: "warning",
  });
  return outdir;
}
