import type { Job } from "../bridge/supervisor.js";
import type { Configuration } from "../config/configuration.js";
import { readState } from "../journal/read-state.js";
import { Matcher } from "../trigger/matcher.js";
import { CallbackTable } from "./callback-table.js";
import { type EventExplanation, explainEvent } from "./event-explanation.js";
import { JobRecords } from "./job-records.js";
import { MemoryTrace } from "./memory-trace.js";

/**
 * What an event would do under a configuration if an engine that has ended went on with its state: what `CallbackEngine.explain`
 * says, but for throttles, queues and pauses, which end with an engine.
 * @throws UcbError `ERR_UCB_STATE` if an engine has the state or it cannot be read, `ERR_UCB_EVENT`
 */
export async function explainStored(
  event: string,
  carried: Job | undefined,
  configuration: Configuration,
  state: string,
): Promise<EventExplanation> {
  const { jobs, memories } = await readState(state);
  const table = new CallbackTable(configuration.callbacks);
  const records = new JobRecords();
  const matcher = new Matcher();
  try {
    const rules = table.rules();
    matcher.load(rules);
    for (const job of jobs) {
      records.update(job);
      matcher.attach(job);
    }
    for (const [owner, exported] of memories) matcher.importMemories(owner, exported);
    const trace = new MemoryTrace(matcher);
    trace.rulesLoaded(rules);
    trace.takeOver();
    return await explainEvent(event, carried, { table, records, memories: () => trace, obstacle: () => null });
  } finally {
    matcher.close();
  }
}
