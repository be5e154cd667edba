import { clockBesideProcesses } from "./floor.js";
import { functionStorm, scriptStorm } from "./storms.js";

const [, , name, baseline = ""] = process.argv;
const storms = {
  functions: functionStorm,
  scripts: scriptStorm,
  clock: () => clockBesideProcesses(baseline, false),
  work: () => clockBesideProcesses(baseline, true),
};
if (name === undefined || !Object.hasOwn(storms, name)) throw new Error(`there is no storm "${name}"`);
process.stdout.write(JSON.stringify(await storms[name as keyof typeof storms]()));
