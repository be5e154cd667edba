import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import { measureBatches } from "./batches.js";
import { measureInnerWildcards } from "./inner-wildcards.js";
import { measureLabels } from "./labels.js";
import { measureRemembering } from "./remembering.js";
import { measureTopics } from "./topics.js";

const sizes = sized([10, 1000, 100_000], [10, 1000]);

const topics = await measureTopics(sizes);
const batches = await measureBatches(sizes);
const others = [await measureRemembering(), await measureLabels(), await measureInnerWildcards(sizes)];
await report("match", [topics.table, batches.table, ...others], [...topics.targets, ...batches.targets], topics.notes);
