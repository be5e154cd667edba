// Removes the named build folders, so that nothing deleted from the sources lives on in them.
import { rmSync } from "node:fs";

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
