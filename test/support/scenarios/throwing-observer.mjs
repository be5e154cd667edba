// Observers that throw: each becomes an uncaught exception, and nobody else is told less.
import { Launcher } from "../../../dist/execute/launcher.js";

const launcher = new Launcher();
const told = [];
if (process.argv[2] === "caught") process.on("uncaughtException", (error) => told.push(`caught ${error.message}`));
for (let index = 0; index < 3; index += 1) {
  launcher.launch(
    { file: index === 2 ? "/nowhere" : "/bin/true", cwd: "/" },
    {
      started() {
        throw new Error(`started ${index}`);
      },
      exited() {
        told.push(`exited ${index}`);
        throw new Error(`exited ${index}`);
      },
      failed() {
        throw new Error(`failed ${index}`);
      },
    },
  );
}
await launcher.close();
console.log(JSON.stringify(told.sort()));
