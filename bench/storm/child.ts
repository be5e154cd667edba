import { functionStorm, scriptStorm } from "./storms.js";

const storm = process.argv[2] === "scripts" ? scriptStorm : functionStorm;
process.stdout.write(JSON.stringify(await storm()));
