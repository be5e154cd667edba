import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder, which holds `runtime/`. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), "..");
