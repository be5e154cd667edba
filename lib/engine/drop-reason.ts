import type { RunLimits } from "../config/run-limits.js";
import type { DropCode } from "./counters.js";

/** Why a run is not run, for people. */
export function dropReason(code: DropCode, { throttle, queue }: RunLimits): string {
  switch (code) {
    case "ERR_UCB_THROTTLED": {
      const { runs, periodMs, per } = throttle ?? { runs: 0, periodMs: 0, per: "callback" };
      return `throttled: no more than ${runs} in ${periodMs / 1000} s${per === "job" ? " for each job" : ""}`;
    }
    case "ERR_UCB_COALESCED":
      return `coalesced: ${queue} runs wait already, and one of them is for the same job`;
    case "ERR_UCB_QUEUE_FULL":
      return `the queue is full: ${queue} runs wait already`;
    case "ERR_UCB_CLOSED":
      return "the engine was closed";
  }
}
