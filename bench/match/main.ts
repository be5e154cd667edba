import { sized } from "../harness/options.js";
import { report } from "../harness/report.js";
import { measureTopics } from "./topics.js";

const sizes = sized([10, 1000, 100_000], [10, 1000]);

const topics = await measureTopics(sizes);
await report("match", [topics.table], topics.targets, topics.notes);
