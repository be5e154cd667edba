import type { AttachedJob } from "../../lib/trigger/matcher.js";
import { loadedMatcher, ourName } from "./ours.js";
import { type OwnerMatching, pairOf } from "./owners.js";

/** Our matcher with jobs attached; the triggers' numbers are their callbacks. */
export function ourOwners(triggers: readonly string[], jobs: Iterable<AttachedJob>): OwnerMatching {
  const matcher = loadedMatcher(triggers.map((text, callback) => ({ callback, text })));
  for (const job of jobs) matcher.attach(job);
  let fired = 0;
  const fire = (callback: number, owner: number): void => {
    if (callback >= 0 && owner > 0) fired++;
  };
  return {
    name: ourName,
    answer: (event) => matcher.match(event).map(({ callback, jobId }) => pairOf(callback, jobId)),
    count(events) {
      fired = 0;
      for (let at = 0; at < events.length; at++) matcher.matchEach(events[at] ?? "", fire);
      return fired;
    },
  };
}
